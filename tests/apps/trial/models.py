"""Pages of wagtail, a tree of mptt, books with tags and a history."""

from django.db import models
from modelcluster.contrib.taggit import ClusterTaggableManager
from modelcluster.fields import ParentalKey
from mptt.models import MPTTModel, TreeForeignKey
from simple_history.models import HistoricalRecords
from taggit.managers import TaggableManager
from taggit.models import TaggedItemBase
from wagtail.admin.panels import FieldPanel
from wagtail.blocks import CharBlock, RichTextBlock
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page
from wagtail.search import index
from wagtail.snippets.models import register_snippet


class ArticleTag(TaggedItemBase):
    """A tag of a page."""

    content_object = ParentalKey("trial.Article", on_delete=models.CASCADE, related_name="tagged_items")


class Article(Page):
    """A page with a picture, text, blocks and tags."""

    intro = RichTextField(blank=True)
    body = StreamField([("heading", CharBlock()), ("text", RichTextBlock())], blank=True)
    picture = models.ForeignKey(
        "wagtailimages.Image", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    tags = ClusterTaggableManager(through=ArticleTag, blank=True)

    content_panels = (*Page.content_panels, *map(FieldPanel, ("intro", "body", "picture", "tags")))
    search_fields = (*Page.search_fields, index.SearchField("intro"))


class Category(MPTTModel):
    """A place in a tree."""

    name = models.CharField(max_length=50)
    parent = TreeForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="children")

    def __str__(self) -> str:
        return self.name


class Author(models.Model):
    """Somebody who writes."""

    name = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.name


@register_snippet
class Book(models.Model):
    """Has tags, authors, and a history of all of its states."""

    title = models.CharField(max_length=100)
    price = models.DecimalField(max_digits=8, decimal_places=2, default=0)
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.SET_NULL)
    authors = models.ManyToManyField(Author, blank=True)
    tags = TaggableManager(blank=True)
    history = HistoricalRecords(m2m_fields=[authors])

    panels = tuple(map(FieldPanel, ("title", "price", "category", "authors", "tags")))

    class Meta:
        permissions = (("lend_book", "Can lend a book"),)

    def __str__(self) -> str:
        return self.title
