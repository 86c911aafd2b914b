"""Django's admin, with the classes that the apps bring for it."""

from django.contrib import admin
from guardian.admin import GuardedModelAdmin
from mptt.admin import DraggableMPTTAdmin
from simple_history.admin import SimpleHistoryAdmin

from tests.apps.trial.models import Author, Book, Category

admin.site.register(Author)
admin.site.register(Category, DraggableMPTTAdmin)


@admin.register(Book)
class BookAdmin(GuardedModelAdmin, SimpleHistoryAdmin):
    """History and permissions of each book."""

    list_display = ("title", "price")
    search_fields = ("title",)
