"""Pages, revisions, moves, copies, workflows, images, documents, users, redirects, search."""

from io import BytesIO

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.core.files.images import ImageFile
from django.db import transaction
from PIL import Image as Picture
from wagtail.contrib.redirects.models import Redirect
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.models import Collection, GroupPagePermission, Locale, Page, Site, Workflow

from tests.apps import EDITOR, PASSWORD
from tests.apps.trial.models import Article, Book


def write() -> None:
    """Play an editor's week."""
    editor = get_user_model().objects.create_superuser(EDITOR, "editor@example.com", PASSWORD)
    home = Site.objects.get(is_default_site=True).root_page
    picture = upload(editor)
    lamp = publish(home, editor, picture)
    rearrange(home, lamp, editor)
    review(home, editor)
    write_settings(home)
    assert sorted(page.slug for page in Article.objects.live().search("brass")) == ["alias", "lamp"]
    assert Page.find_problems() == ([], [], [], [], []), "the tree is whole"


def drawing(name: str, colour: str) -> ImageFile:
    """Return a picture as a file."""
    data = BytesIO()
    Picture.new("RGB", (40, 30), colour).save(data, "PNG")
    return ImageFile(BytesIO(data.getvalue()), name=name)


def upload(editor: object) -> Image:
    """Images with renditions and tags, documents, in collections."""
    lamps = Collection.get_first_root_node().add_child(name="Lamps")
    picture = Image.objects.create(
        title="Lamp", file=drawing("lamp.png", "gold"), uploaded_by_user=editor, collection=lamps
    )
    picture.tags.add("brass", "light")
    picture.get_rendition("fill-10x10")
    picture.get_rendition("width-20")
    late = Image.objects.create(title="Late", file=drawing("late.png", "navy"), focal_point_x=3)
    late.title = "Too late"
    late.save()
    Image.objects.create(title="Gone", file=drawing("gone.png", "red")).delete()
    manual = Document.objects.create(title="Manual", file=ContentFile(b"Turn it on.", "manual.txt"))
    manual.tags.set(["brass", "paper"])
    lamps.add_child(name="Old lamps")
    return picture


def publish(home: Page, editor: object, picture: Image) -> Article:
    """Return a draft, revised, published, edited, unpublished, reverted."""
    lamp = home.add_child(instance=Article(title="A lamp", slug="lamp", live=False, owner=editor))
    lamp.save_revision(user=editor)
    lamp.title, lamp.intro, lamp.picture = "A brass lamp", "<p>Made of brass.</p>", picture
    lamp.body = [("heading", "Why"), ("text", "<p>To see \u2600\ufe0f \u2014 at night.</p>")]
    lamp.tags.add("brass", "new")
    lamp.save_revision(user=editor, log_action=True).publish(user=editor)
    lamp.refresh_from_db()
    first = lamp.revisions.order_by("pk").first()
    lamp.tags.remove("new")
    lamp.save_revision(user=editor, previous_revision=first).publish()
    lamp.unpublish(user=editor)
    lamp.get_latest_revision().publish()
    lamp.refresh_from_db()
    return lamp


def rearrange(home: Page, lamp: Article, editor: object) -> None:
    """Children, copies, moves through the tree, aliases, and what is deleted with its children."""
    shelf = home.add_child(instance=Article(title="Shelf", slug="shelf"))
    for number in range(3):
        shelf.add_child(instance=Article(title=f"Book {number}", slug=f"book-{number}"))
    copied = shelf.copy(recursive=True, update_attrs={"slug": "second", "title": "Second"}, user=editor)
    for page in copied.get_children().specific():
        page.slug = f"second-{page.slug}"
        page.save_revision(user=editor).publish()
    lamp.create_alias(parent=shelf, update_slug="alias", user=editor)
    first, second = (Page.objects.get(pk=one.pk).get_children() for one in (shelf, copied))
    second.last().move(first.first(), pos="left")
    Page.objects.get(pk=copied.pk).move(Page.objects.get(pk=shelf.pk), pos="last-child", user=editor)
    Page.objects.get(pk=shelf.pk).get_children().get(slug="book-1").specific.delete(user=editor)
    try:
        with transaction.atomic():
            Page.objects.get(pk=home.pk).add_child(instance=Article(title="Never", slug="never"))
            raise LookupError
    except LookupError:
        assert not Page.objects.filter(slug="never").exists()


def review(home: Page, editor: object) -> None:
    """Start a workflow, reject, resume and approve it, which publishes."""
    workflow = Workflow.objects.get(name="Moderators approval")
    page = Page.objects.get(pk=home.pk).add_child(instance=Article(title="Review", slug="review", live=False))
    page.save_revision(user=editor)
    state = workflow.start(page, editor)
    state.current_task_state.reject(user=editor)
    state.refresh_from_db()
    state.resume(user=editor)
    state.current_task_state.approve(user=editor)
    page.refresh_from_db()
    assert page.live


def write_settings(home: Page) -> None:
    """Locales, redirects, groups with rights on pages, snippets."""
    Locale.objects.create(language_code="de")
    Redirect.objects.create(old_path="/old", redirect_page=home)
    group = Group.objects.create(name="Lamp makers")
    GroupPagePermission.objects.create(group=group, page=home, permission_type="change")
    get_user_model().objects.create_user("maker", password=PASSWORD).groups.add(group)
    book = Book.objects.create(title="Lamps", price="9.50")
    book.price = "8.50"
    book.save()
