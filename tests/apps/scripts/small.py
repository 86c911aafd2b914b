"""Tags, histories, trees, permissions of single objects, tokens, results of tasks."""

from decimal import Decimal

from celery import states
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import F
from django_celery_results.models import GroupResult, TaskResult
from guardian.shortcuts import assign_perm, get_objects_for_user, get_perms, remove_perm
from rest_framework.authtoken.models import Token
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from tests.apps.trial.models import Author, Book, Category


def write() -> None:
    """Each app in turn."""
    write_tree()
    write_books()
    write_permissions()
    write_tokens()
    write_results()


def write_tree() -> None:
    """mptt: children, moves to and fro, a subtree deleted, a rebuild."""
    roots = [Category.objects.create(name=name) for name in ("first", "second")]
    for number in range(6):
        Category.objects.create(name=f"child {number}", parent=roots[number % 2])
    third = Category.objects.get(name="child 3")
    third.move_to(Category.objects.get(name="child 2"), "first-child")
    Category.objects.get(name="child 5").move_to(Category.objects.get(name="first"), "left")
    Category.objects.get(name="child 4").move_to(None)
    Category.objects.create(name="grandchild", parent=Category.objects.get(name="child 3"))
    Category.objects.get(name="second").delete()
    assert [c.name for c in Category.objects.get(name="first").get_descendants()] == [
        "child 0", "child 2", "child 3", "grandchild",
    ]  # fmt: skip
    with Category.objects.disable_mptt_updates():
        Category.objects.create(name="late", lft=0, rght=0, level=0, tree_id=0)
    Category.objects.rebuild()


def write_books() -> None:
    """simple_history and taggit: every way to change a book and its authors."""
    authors = [Author.objects.create(name=name) for name in ("Ada", "Bo", "Cy")]
    book = Book.objects.create(title="One", price="1.00", category=Category.objects.get(name="first"))
    book.authors.set(authors)
    book.tags.add("new", "Red", "red")
    book.price = Decimal("2.00")
    book._change_reason = "dearer"
    book.save()
    book.authors.remove(authors[0])
    book.tags.set(["old", "Red"], through_defaults={})
    book.tags.remove("old")
    others = bulk_create_with_history([Book(title=f"Many {n}") for n in range(3)], Book, batch_size=2)
    stored = list(Book.objects.filter(title__startswith="Many").order_by("pk"))
    assert len(others) == 3
    for one in stored:
        one.price = F("price") + 1 if not one.pk % 2 else Decimal("7.25")
    for one in stored:
        one.price = Decimal("7.25")
    bulk_update_with_history(stored, Book, ["price"])
    book.history.earliest().instance.save()
    stored[1].delete()
    authors[2].delete()
    assert Book.tags.most_common()[0].name == "Red"


def write_permissions() -> None:
    """guardian: rights on single books, of users and of groups, given and taken."""
    users = [get_user_model().objects.create_user(name) for name in ("reader", "lender")]
    group = Group.objects.create(name="Lenders")
    users[1].groups.add(group)
    book = Book.objects.get(title="One")
    assign_perm("trial.lend_book", group, book)
    assign_perm("trial.change_book", users[0], Book.objects.all())
    remove_perm("trial.change_book", users[0], book)
    assign_perm("trial.view_book", users[0])
    assert get_perms(users[1], book) == ["lend_book"]
    assert list(get_objects_for_user(users[1], "trial.lend_book")) == [book]


def write_tokens() -> None:
    """Tokens of REST framework: made, replaced."""
    for name in ("reader", "lender"):
        Token.objects.get_or_create(user=get_user_model().objects.get(username=name))
    Token.objects.get(user__username="reader").delete()
    Token.objects.create(user=get_user_model().objects.get(username="reader"))


def write_results() -> None:
    """Results of tasks and groups, stored again and again as a worker does."""
    for status in (states.PENDING, states.STARTED, states.SUCCESS):
        TaskResult.objects.store_result("application/json", "utf-8", "task-1", "[1, 2]", status)
    TaskResult.objects.store_result(
        "application/json", "utf-8", "task-2", "null", states.FAILURE, traceback="x"
    )
    GroupResult.objects.store_group_result("application/json", "utf-8", "group-1", '["task-1"]')
    TaskResult.objects.filter(status=states.FAILURE).delete()
