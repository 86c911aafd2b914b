"""Rows that are made, changed and deleted: bulk operations, cascades, relations, inheritance, keys, errors."""

from decimal import Decimal

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models
from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Upper

from tests.harness.cases import Case
from tests.harness.clinic.models import Appointment, Doctor, Patient
from tests.harness.library.models import Classic, Loan, Novel, Reader, Work, Writer
from tests.harness.shop.models import Article, Order
from tests.harness.specimens.models import Amount, Counter, Label, Shelf, Specimen, Word

articles = Article.objects


def stocks() -> list[tuple[str, int]]:
    return list(articles.order_by("name").values_list("name", "stock"))


def then(work: Case, look: Case = stocks) -> Case:
    """Do one thing, then look at the rows."""
    return lambda: (work(), look())


def many(count: int) -> list[Article]:
    return [Article(name=f"n{number}", stock=number) for number in range(count)]


def bulk_keys() -> object:
    made = articles.bulk_create(many(3))
    return [one.pk is not None for one in made], all(not one._state.adding for one in made)


def bulk_update() -> object:
    rows = list(articles.order_by("name"))
    for row in rows:
        row.stock += 10
    return articles.bulk_update(rows, ["stock"], batch_size=2), stocks()


def save_twice() -> object:
    one = Article(name="new")
    one.save()
    one.stock = 3
    one.save()
    return one.pk == articles.get(name="new").pk, stocks()


def forced(**how: bool) -> Case:
    return lambda: Article(pk=10**9, name="new").save(**how)


def copied() -> object:
    one = articles.get(name="lamp")
    one.pk, one.name, one._state.adding = None, "copy", True
    one.save()
    return stocks()


def refreshed() -> object:
    one = articles.get(name="lamp")
    articles.filter(pk=one.pk).update(stock=F("stock") * 2)
    one.refresh_from_db(fields=["stock"])
    return one.stock


def expression_saved() -> object:
    one = articles.get(name="lamp")
    one.stock = F("stock") + 1
    one.save()
    one.refresh_from_db()
    return one.stock


def titles() -> object:
    return [
        (w.title, sorted(w.writers.values_list("name", flat=True))) for w in Work.objects.order_by("title")
    ]


def kay() -> Writer:
    return Writer.objects.get(name="Kay")


def alpha() -> Work:
    return Work.objects.get(title="Alpha")


def lu_of_alpha(verb: str) -> Case:
    return then(lambda: getattr(alpha().writers, verb)(Writer.objects.get(name="Lu")), titles)


def itself() -> object:
    kay().taught_by.add(Writer.objects.get(name="Lu"))
    return list(kay().taught_by.values_list("name")), Writer.objects.get(name="Lu").taught_by.count()


def child() -> object:
    gamma = Novel.objects.get()
    gamma.title, gamma.pages = "Delta", 7
    gamma.save()
    return (
        Work.objects.filter(title="Delta").count(),
        Novel.objects.get().pages,
        Work.objects.get(title="Delta").novel.pages,
    )


def proxy() -> object:
    made = Classic.objects.create(title="Zeta")
    return (
        [c.title for c in Classic.objects.all()],
        Work.objects.get(pk=made.pk).title,
        Classic.objects.filter(title="Zeta").delete(),
    )


def collector() -> object:
    return kay().delete(), titles()


def label(**values: object) -> Case:
    return lambda: (
        Label.objects.filter(shelf="s").update(**values),
        list(Label.objects.values_list("pk", "text")),
    )


def in_raw_sql(sql: str, *params: object) -> Case:
    def run() -> object:
        with connection.cursor() as cursor:
            changed = cursor.execute(sql, params or None)
            return changed, cursor.rowcount, cursor.fetchall(), stocks()

    return run


def many_in_raw_sql() -> object:
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO shop_article (name, stock) VALUES (%s, %s)", [("p", 1), ("q", 2), ("r%", 3)]
        )
        return cursor.rowcount, stocks()


def last_id() -> object:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO shop_article (name, stock) VALUES ('x', 1)")
        return cursor.lastrowid == articles.get(name="x").pk


def a_table() -> object:
    class Note(models.Model):
        class Meta:
            app_label = "shop"
            managed = False
            db_table = "shop_note"

    apps.all_models["shop"].pop("note")
    with connection.schema_editor() as editor:
        editor.create_model(Note)
    with connection.schema_editor() as editor:
        editor.delete_model(Note)


def flushed() -> object:
    with connection.cursor() as cursor:
        known = set(connection.introspection.table_names(cursor))
    statements = connection.ops.sql_flush(
        no_style(), sorted(known & {"shop_order", "shop_article"}), reset_sequences=True
    )
    connection.ops.execute_sql_flush(statements)
    return stocks()


CASES: dict[str, Case] = {
    "create": then(lambda: articles.create(name="new").stock),
    "save twice": save_twice,
    "copy": copied,
    "force_insert": forced(force_insert=True),
    "force_update": forced(force_update=True),
    "refresh": refreshed,
    "save of an expression": expression_saved,
    "get_or_create finds": then(lambda: articles.get_or_create(name="lamp")[1]),
    "get_or_create makes": then(lambda: articles.get_or_create(name="new", defaults={"stock": 4})[1]),
    "update_or_create changes": then(
        lambda: articles.update_or_create(name="lamp", defaults={"stock": 4})[1]
    ),
    "update_or_create makes": then(lambda: articles.update_or_create(name="new", defaults={"stock": 4})[1]),
    "bulk_create": then(lambda: len(articles.bulk_create(many(5)))),
    "bulk_create keys": bulk_keys,
    "bulk_create in batches": then(lambda: len(articles.bulk_create(many(5), batch_size=2))),
    "bulk_create of nothing": lambda: articles.bulk_create([]),
    "bulk_create twice": lambda: articles.bulk_create([Article(name="lamp")]),
    "bulk_create ignoring": then(
        lambda: len(articles.bulk_create([Article(name="lamp"), *many(1)], ignore_conflicts=True))
    ),
    "bulk_create updating": then(
        lambda: len(
            articles.bulk_create(
                [Article(name="lamp", stock=8)], update_conflicts=True, update_fields=["stock"]
            )
        )
    ),
    "bulk_create with a unique field": lambda: articles.bulk_create(
        many(1), update_conflicts=True, update_fields=["stock"], unique_fields=["name"]
    ),
    "bulk_create of children": lambda: Novel.objects.bulk_create([Novel(title="x", pages=1)]),
    "bulk_update": bulk_update,
    "in_bulk": lambda: sorted(articles.in_bulk(["lamp", "desk"], field_name="name")),
    "update": then(lambda: articles.filter(stock__gt=0).update(stock=F("stock") + 1)),
    "update of nothing": then(lambda: articles.filter(name="none").update(stock=1)),
    "update to the same": then(lambda: articles.filter(name="lamp").update(stock=3)),
    "update by expression": then(lambda: articles.update(name=Concat(Upper("name"), Value("!")))),
    "update in order": lambda: Counter.objects.order_by("-id").update(id=F("id") + 1),
    "update through a join": then(lambda: articles.filter(order__customer="bob").update(stock=0)),
    "update of children": then(lambda: Novel.objects.update(title="x", pages=2), titles),
    "update of a slice": lambda: articles.all()[:1].update(stock=1),
    "update below zero": lambda: articles.update(stock=-1),
    "delete": then(lambda: articles.filter(name="vase").delete()),
    "delete of nothing": lambda: articles.filter(name="none").delete(),
    "delete of what is protected": lambda: articles.filter(name="lamp").delete(),
    "delete of the referring": then(lambda: Order.objects.all().delete()),
    "delete through a join": then(
        lambda: Order.objects.filter(article__name="lamp").delete(), lambda: Order.objects.count()
    ),
    "cascade": then(lambda: alpha().delete(), lambda: Loan.objects.count()),
    "cascade of many": then(lambda: Work.objects.all().delete(), lambda: Writer.objects.count()),
    "cascade of a writer": collector,
    "cascade of a child": then(lambda: Novel.objects.get().delete(), titles),
    "a child without its parent": then(lambda: Novel.objects.get().delete(keep_parents=True), titles),
    "raw delete": then(lambda: articles.filter(name="vase")._raw_delete("default")),
    "m2m add": lu_of_alpha("add"),
    "m2m remove": lu_of_alpha("remove"),
    "m2m add twice": then(lambda: alpha().writers.add(kay(), kay()), titles),
    "m2m set": then(lambda: alpha().writers.set([Writer.objects.get(name="Lu")]), titles),
    "m2m clear": then(lambda: alpha().writers.clear(), titles),
    "m2m create": then(lambda: alpha().writers.create(name="Mo").name, titles),
    "m2m from behind": then(lambda: kay().work_set.set([]), titles),
    "m2m to itself": itself,
    "m2m through": then(
        lambda: alpha().readers.add(Reader.objects.get(), through_defaults={"day": None}),
        lambda: Loan.objects.count(),
    ),
    "m2m of clinic": lambda: (
        Patient.objects.get().doctors.get().name,
        Doctor.objects.get().patient_set.count(),
    ),
    "a reverse set": then(
        lambda: articles.get(name="lamp").order_set.filter(customer="bob").update(quantity=9),
        lambda: sorted(Order.objects.values_list("quantity", flat=True)),
    ),
    "a child": child,
    "a child's parent": lambda: Novel.objects.get().work_ptr.title,
    "a proxy": proxy,
    "no child": lambda: alpha().novel,
    "composite key, update": label(text="two"),
    "composite key, get": lambda: Label.objects.get(pk=("s", 1)).text,
    "composite key, in": lambda: Label.objects.filter(pk__in=[("s", 1), ("t", 2)]).count(),
    "composite key, twice": lambda: Label.objects.create(shelf="s", position=1),
    "composite key, delete": lambda: Label.objects.filter(pk=("s", 1)).delete(),
    "a text key": lambda: (
        Appointment.objects.create(id="a/1", patient=Patient.objects.get()).pk,
        Appointment.objects.get(pk="a/1").patient.name,
    ),
    "a decimal key": lambda: (
        Amount.objects.create(amount=Decimal("1.10")),
        Amount.objects.get(amount="1.1").amount,
    ),
    "keys that compare equal": lambda: (Word.objects.create(word="Word"), Word.objects.create(word="WORD ")),
    "a unique value twice": lambda: articles.create(name="lamp"),
    "another case": lambda: articles.create(name="LAMP"),
    "null": lambda: articles.create(name=None),
    "too long": lambda: articles.create(name="x" * 61),
    "a foreign key to nothing": lambda: Order.objects.create(article_id=10**9, customer="c", quantity=1),
    "a number out of range": lambda: Counter.objects.create(id=2**40),
    "a negative one": lambda: articles.create(name="n", stock=-1),
    "a wrong date": lambda: Specimen.objects.create(found_on="2024-02-30"),
    "a unique slot": lambda: Specimen.objects.create(slot=1),
    "a generated column": lambda: (
        Specimen.objects.create(slot=21).slot,
        Specimen.objects.get(slot=21).doubled,
    ),
    "a digit too many": lambda: (
        Specimen.objects.create(slot=5, price=Decimal("0.12345678901")).slot,
        Specimen.objects.get(slot=5).price,
    ),
    "a foreign key set": then(
        lambda: Specimen.objects.filter(slot=1).update(shelf=Shelf.objects.create(name="s")),
        lambda: Shelf.objects.get().specimen_set.count(),
    ),
    "several found": lambda: articles.get(Q(stock__gte=0)),
    "none found": lambda: articles.get(name="none"),
    "raw insert": in_raw_sql("INSERT INTO shop_article (name, stock) VALUES (%s, %s)", "it's; %", 4),
    "raw update": in_raw_sql("UPDATE shop_article SET stock = stock + 1"),
    "raw delete statement": in_raw_sql("DELETE FROM shop_article WHERE name = 'vase'"),
    "raw upsert": in_raw_sql(
        "INSERT INTO shop_article (name, stock) VALUES ('lamp', 1) ON DUPLICATE KEY UPDATE stock = 77"
    ),
    "raw select": in_raw_sql("SELECT name FROM shop_article ORDER BY name"),
    "raw with": in_raw_sql("WITH a AS (SELECT 1 AS b) SELECT b FROM a"),
    "raw insert returning": in_raw_sql(
        "INSERT INTO shop_article (name, stock) VALUES ('r', 1) RETURNING name"
    ),
    "raw replace": in_raw_sql(
        "REPLACE INTO shop_article (id, name, stock) SELECT id, 'vase', 5 FROM shop_article WHERE name = 'vase'"
    ),
    "raw many": many_in_raw_sql,
    "raw error": in_raw_sql("SELEKT"),
    "raw unknown table": in_raw_sql("SELECT * FROM nowhere"),
    "raw too few parameters": in_raw_sql("SELECT %s, %s", 1),
    "lastrowid": last_id,
    "none": lambda: list(articles.none()),
    "TRUNCATE": in_raw_sql("TRUNCATE shop_order"),
    "a table": a_table,
    "a temporary table": in_raw_sql("CREATE TEMPORARY TABLE a (a INT)"),
    "flush": flushed,
    "a model that is not saved": lambda: Order.objects.create(
        article=Article(name="x"), customer="c", quantity=1
    ),
}
