"""Transactions: atomic blocks, savepoints, hooks, locks, autocommit."""

from contextlib import suppress

from asgiref.sync import async_to_sync
from django.db import DatabaseError, IntegrityError, connection, transaction

from tests.harness.cases import Case
from tests.harness.shop.models import Article, Order
from tests.harness.specimens.models import Counter


class Undo(Exception):
    """Ends a block."""


def names() -> list[str]:
    return sorted(Article.objects.values_list("name", flat=True))


def add(name: str) -> Article:
    return Article.objects.create(name=name)


def committed() -> object:
    with transaction.atomic():
        add("new")
    return names()


def undone() -> object:
    with suppress(Undo), transaction.atomic():
        add("new")
        raise Undo
    return names()


def inner_undone() -> object:
    with transaction.atomic():
        add("outer")
        with suppress(Undo), transaction.atomic():
            add("inner")
            raise Undo
        add("last")
    return names()


def outer_undone() -> object:
    with suppress(Undo), transaction.atomic():
        with transaction.atomic():
            add("inner")
        raise Undo
    return names()


def without_savepoint() -> object:
    with transaction.atomic():
        with suppress(Undo), transaction.atomic(savepoint=False):
            add("inner")
            raise Undo
        return names()


def marked_for_rollback() -> object:
    with transaction.atomic():
        add("new")
        transaction.set_rollback(True)
    return names(), transaction.get_autocommit()


def caught_in_block() -> object:
    with transaction.atomic():
        with suppress(IntegrityError):
            add("lamp")
        return names()


def durable_in_block() -> object:
    with transaction.atomic(), transaction.atomic(durable=True):
        return names()


def durable() -> object:
    with transaction.atomic(durable=True):
        add("new")
    return names()


def savepoint_by_hand() -> object:
    with transaction.atomic():
        add("kept")
        point = transaction.savepoint()
        add("gone")
        transaction.savepoint_rollback(point)
        other = transaction.savepoint()
        add("last")
        transaction.savepoint_commit(other)
    return names()


def savepoint_outside() -> object:
    return transaction.savepoint() is None


def commit_in_block() -> object:
    with transaction.atomic():
        transaction.commit()


def autocommit_in_block() -> object:
    with transaction.atomic():
        transaction.set_autocommit(False)


def rollback_flag_outside() -> object:
    return transaction.get_rollback()


def by_hand(end: Case) -> Case:
    def run() -> object:
        transaction.set_autocommit(False)
        try:
            add("new")
            end()
        finally:
            transaction.rollback()
            transaction.set_autocommit(True)
        return names(), transaction.get_autocommit()

    return run


def block_by_hand() -> object:
    transaction.set_autocommit(False)
    try:
        with transaction.atomic():
            add("new")
        transaction.rollback()
    finally:
        transaction.set_autocommit(True)
    return names()


def hooks() -> object:
    ran: list[object] = []
    transaction.on_commit(lambda: ran.append("at once"))
    with transaction.atomic():
        transaction.on_commit(lambda: ran.append(names()))
        with suppress(Undo), transaction.atomic():
            transaction.on_commit(lambda: ran.append("never"))
            raise Undo
        add("new")
        ran.append("before")
    return ran


def hook_that_fails() -> object:
    ran: list[object] = []
    with transaction.atomic():
        transaction.on_commit(lambda: 1 / 0, robust=True)
        transaction.on_commit(lambda: ran.append("second"))
    return ran


def hook_that_raises() -> object:
    with transaction.atomic():
        add("new")
        transaction.on_commit(lambda: 1 / 0)


def hook_that_writes() -> object:
    with transaction.atomic():
        transaction.on_commit(lambda: add("by hook"))
    return names()


def hook_after_savepoint() -> object:
    ran: list[int] = []
    with transaction.atomic():
        with transaction.atomic():
            transaction.on_commit(lambda: ran.append(1))
        inside = list(ran)
    return inside, ran


def lock(**how: object) -> Case:
    def run() -> object:
        with transaction.atomic():
            return [a.name for a in Article.objects.select_for_update(**how).order_by("name")]

    return run


def lock_outside() -> object:
    return list(Article.objects.select_for_update())


def lock_of_other(**how: bool) -> Case:
    """Ask for a row that another session has locked."""

    def run() -> object:
        other = connection.copy()
        try:
            other.set_autocommit(False)
            with other.cursor() as cursor:
                cursor.execute("SELECT 1 FROM shop_article WHERE name = 'lamp' FOR UPDATE")
            with transaction.atomic():
                return [a.name for a in Article.objects.select_for_update(**how).filter(name="lamp")]
        finally:
            other.rollback()
            other.close()

    return run


def lock_and_join() -> object:
    with transaction.atomic():
        found = Order.objects.select_for_update(of=("self",)).select_related("article").get(customer="bob")
        return found.article.name


def isolation() -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@tx_isolation, @@autocommit")
        return cursor.fetchall()


def error_then_next() -> object:
    with suppress(IntegrityError):
        add("lamp")
    add("new")
    return names()


def broken_block() -> object:
    with transaction.atomic():
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")
        return names()


@transaction.atomic
def decorated() -> object:
    add("new")
    return connection.in_atomic_block


def counter() -> object:
    with transaction.atomic():
        row = Counter.objects.select_for_update().get(pk=1)
        row.value += 1
        row.save(update_fields=["value"])
    return Counter.objects.get().value


@async_to_sync
async def asynchronous() -> object:
    await Article.objects.acreate(name="new")
    one, made = await Article.objects.aget_or_create(name="lamp")
    await Article.objects.filter(name="desk").aupdate(stock=9)
    rows = [a.name async for a in Article.objects.order_by("name")]
    return rows, made, one.stock, await Article.objects.acount(), await Article.objects.aexists()


@async_to_sync
async def asynchronous_instance() -> object:
    one = await Article.objects.aget(name="vase")
    one.stock = 4
    await one.asave()
    await one.arefresh_from_db()
    return one.stock, await one.adelete()


@async_to_sync
async def asynchronous_bulk() -> object:
    await Article.objects.abulk_create([Article(name="x"), Article(name="y")])
    return await Article.objects.acount(), await Article.objects.filter(name="x").adelete()


CASES: dict[str, Case] = {
    "a block": committed,
    "a block undone": undone,
    "an inner block undone": inner_undone,
    "an outer block undone": outer_undone,
    "a block without a savepoint": without_savepoint,
    "marked for rollback": marked_for_rollback,
    "an error caught inside": caught_in_block,
    "durable inside": durable_in_block,
    "durable": durable,
    "savepoints": savepoint_by_hand,
    "a savepoint outside": savepoint_outside,
    "commit inside": commit_in_block,
    "autocommit inside": autocommit_in_block,
    "rollback flag outside": rollback_flag_outside,
    "autocommit off, commit": by_hand(transaction.commit),
    "autocommit off, rollback": by_hand(transaction.rollback),
    "a block with autocommit off": block_by_hand,
    "hooks": hooks,
    "a robust hook fails": hook_that_fails,
    "a hook raises": hook_that_raises,
    "a hook writes": hook_that_writes,
    "a hook of a savepoint": hook_after_savepoint,
    "lock": lock(),
    "lock nowait": lock(nowait=True),
    "lock skip locked": lock(skip_locked=True),
    "lock without key": lock(no_key=True),
    "lock outside": lock_outside,
    "a locked row, nowait": lock_of_other(nowait=True),
    "a locked row, skipped": lock_of_other(skip_locked=True),
    "lock and join": lock_and_join,
    "isolation": isolation,
    "an error, then on": error_then_next,
    "a wrong statement in a block": broken_block,
    "decorated": decorated,
    "a counter": counter,
    "async": asynchronous,
    "async instance": asynchronous_instance,
    "async bulk": asynchronous_bulk,
}
