"""What is read: lookups, aggregates, expressions, JSON, dates and time zones, raw queries, introspection."""

import datetime as dt
import io
import zoneinfo

from django.core.management import call_command
from django.db import connection
from django.db import models as m
from django.db.models import Count, F, OuterRef, Prefetch, Q, Sum, Value
from django.db.models import functions as f
from django.db.models.fields.json import KT
from django.utils import timezone

from tests.harness.cases import Case
from tests.harness.cases.rows import NOON
from tests.harness.clinic.models import Patient
from tests.harness.library.models import Loan, Novel, Work, Writer
from tests.harness.shop.models import Article, Order
from tests.harness.specimens.models import Counter, Specimen

articles, orders, specimens = Article.objects, Order.objects, Specimen.objects
MANILA = zoneinfo.ZoneInfo("Asia/Manila")


def found(**lookup: object) -> Case:
    return lambda: sorted(articles.filter(**lookup).values_list("name", flat=True))


def in_file(**lookup: object) -> Case:
    return lambda: Patient.objects.filter(**lookup).count()


def uuid_by_letters() -> object:
    text = str(Patient.objects.get().code).upper()
    wanted = {"iexact": text, "icontains": text[3:26], "istartswith": text[:20], "iendswith": text[9:]}
    return [Patient.objects.filter(**{f"code__{how}": part}).count() for how, part in wanted.items()]


def at(**lookup: object) -> Case:
    return lambda: specimens.filter(**lookup).count()


def in_manila(work: Case) -> Case:
    def run() -> object:
        with timezone.override(MANILA):
            return work()

    return run


def of_table(what: str, table: str) -> Case:
    def run() -> object:
        with connection.cursor() as cursor:
            return repr(getattr(connection.introspection, what)(cursor, table))

    return run


def columns() -> object:
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_description(cursor, "shop_article")
    return [
        (c.name, c.type_code, c.null_ok, c.extra, c.is_unsigned, c.data_type, c.has_json_constraint)
        for c in found
    ]


def constraints() -> object:
    with connection.cursor() as cursor:
        known = connection.introspection.get_constraints(cursor, "shop_order")
    return sorted((c["columns"], c["unique"], c["primary_key"], c["foreign_key"]) for c in known.values())


def inspected() -> object:
    written = io.StringIO()
    call_command("inspectdb", "shop_article", "shop_order", stdout=written)
    return written.getvalue()


def explained() -> object:
    return bool(articles.filter(stock=1).explain())


def iterated() -> object:
    return [name for (name,) in articles.order_by("name").values_list("name").iterator(chunk_size=1)]


def evaluated_twice() -> object:
    rows = articles.order_by("name")
    return len(rows), bool(rows), [r.name for r in rows], rows[1].name


def prefetched() -> object:
    works = Work.objects.prefetch_related(
        "writers", Prefetch("loan_set", Loan.objects.select_related("reader"))
    ).order_by("title")
    return [
        (w.title, sorted(str(x) for x in w.writers.all()), [str(loan) for loan in w.loan_set.all()])
        for w in works
    ]


def one_by_one() -> object:
    return [order.article.name for order in orders.order_by("customer", "quantity")]


def joined() -> object:
    return [order.article.name for order in orders.select_related("article").order_by("customer", "quantity")]


def deferred() -> object:
    one = articles.only("name").get(name="lamp")
    return one.name, one.stock, articles.defer("name").get(stock=3).name


def types() -> object:
    one = specimens.get(slot=1)
    return (
        one.price,
        one.found_on,
        one.found_at,
        one.time_of_day,
        one.weight,
        one.name,
        one.note,
        one.photo,
        one.genuine,
        one.data,
        one.serial,
    )


def typed_none() -> object:
    one = specimens.get(slot=2)
    return one.price, one.found_at, one.data, one.photo, one.note


def cursor_as_manager() -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, stock FROM shop_article ORDER BY name")
        return (
            [column[0] for column in cursor.description],
            cursor.fetchone(),
            cursor.fetchmany(1),
            cursor.fetchall(),
        )


def features() -> object:
    names = [name for name in dir(type(connection.features)) if not name.startswith("_")]
    return {
        name: repr(getattr(connection.features, name))
        for name in names
        if isinstance(getattr(connection.features, name), (bool, str, int))
    }


CASES: dict[str, Case] = {
    "exact": found(name="lamp"),
    "exact in capitals": found(name="LAMP"),
    "iexact": found(name__iexact="Lamp"),
    "contains": found(name__contains="A"),
    "icontains": found(name__icontains="A"),
    "startswith": found(name__startswith="l"),
    "regex": found(name__regex="^[lv]"),
    "iregex": found(name__iregex="^L"),
    "in": found(name__in=["lamp", "x"]),
    "in nothing": found(name__in=[]),
    "range": found(stock__range=(1, 3)),
    "isnull": found(order__isnull=True),
    "a percent sign": found(name__contains="%"),
    "a backslash": found(name__contains="\\"),
    "reversed": lambda: [a.name for a in articles.order_by("name").reverse()],
    "sliced": lambda: [a.name for a in articles.order_by("name")[1:3]],
    "first and last": lambda: (articles.order_by("name").first().name, articles.order_by("name").last().name),
    "exists": lambda: (articles.exists(), articles.filter(name="x").exists()),
    "count distinct": lambda: orders.values("customer").distinct().count(),
    "or": lambda: articles.filter(Q(name="lamp") | Q(stock=0)).count(),
    "not": lambda: articles.filter(~Q(order__customer="ann")).count(),
    "exclude": lambda: sorted(articles.exclude(order__customer="ann").values_list("name")),
    "xor": lambda: articles.filter(Q(stock=3) ^ Q(name="vase")).count(),
    "values": lambda: list(articles.order_by("name").values("name", "stock")),
    "dates": lambda: list(Loan.objects.dates("day", "month")),
    "union": lambda: sorted(
        articles.filter(stock=3).values_list("name").union(articles.filter(stock=0).values_list("name"))
    ),
    "intersection": lambda: list(
        articles.filter(stock=3).values_list("name").intersection(articles.values_list("name"))
    ),
    "difference": lambda: sorted(
        articles.values_list("name").difference(articles.filter(stock=3).values_list("name"))
    ),
    "aggregate": lambda: articles.aggregate(
        Sum("stock"), m.Avg("stock"), m.Max("name"), m.Min("stock"), Count("*")
    ),
    "aggregate of nothing": lambda: articles.none().aggregate(Sum("stock"), n=Count("pk")),
    "aggregate with default": lambda: articles.filter(name="x").aggregate(s=Sum("stock", default=7)),
    "annotate": lambda: list(articles.annotate(n=Count("order")).order_by("name").values_list("name", "n")),
    "having": lambda: list(articles.annotate(n=Count("order")).filter(n__gt=1).values_list("name")),
    "group": lambda: list(orders.values("customer").annotate(Sum("quantity")).order_by("customer")),
    "filtered aggregate": lambda: orders.aggregate(n=Count("pk", filter=Q(customer="ann"))),
    "subquery": lambda: list(
        articles.annotate(
            c=m.Subquery(orders.filter(article=OuterRef("pk")).order_by("-customer").values("customer")[:1])
        )
        .order_by("name")
        .values_list("c", flat=True)
    ),
    "exists subquery": lambda: sorted(
        articles.filter(m.Exists(orders.filter(article=OuterRef("pk"), customer="bob"))).values_list("name")
    ),
    "case": lambda: sorted(
        articles.annotate(k=m.Case(m.When(stock=0, then=Value("gone")), default=Value("here"))).values_list(
            "name", "k"
        )
    ),
    "window": lambda: list(
        articles.annotate(r=m.Window(f.Rank(), order_by=F("stock").desc()))
        .order_by("r")
        .values_list("name", "r")
    ),
    "functions": lambda: list(
        articles.filter(name="lamp").values_list(
            f.Length("name"),
            f.Lower("name"),
            f.Substr("name", 2, 2),
            f.MD5("name"),
            f.Round(F("stock") / 2.0),
            f.Greatest("stock", 1),
            f.Coalesce("stock", 0),
        )
    ),
    "cast": lambda: list(
        articles.filter(name="lamp").values_list(
            f.Cast("stock", m.CharField()), f.Cast(Value("7"), m.IntegerField())
        )
    ),
    "cast compares": lambda: articles.annotate(t=f.Cast("stock", m.CharField())).filter(t="3").count(),
    "now": lambda: articles.filter(order__ordered_at__lte=f.Now()).count() > 0,
    "arithmetic": lambda: list(
        articles.order_by("name").values_list(F("stock") * 2 + 1, F("stock") % 2, -F("stock"))
    ),
    "bits": lambda: list(
        Counter.objects.values_list(
            F("value").bitand(4), F("value").bitor(2), F("value").bitxor(1), F("value").bitleftshift(1)
        )
    ),
    "JSON key": in_file(file__ward="x"),
    "JSON path": in_file(file__a__0=1),
    "JSON null": in_file(file__a__1__b=None),
    "JSON no key": in_file(file__none__isnull=True),
    "JSON contains": in_file(file__contains={"ward": "x"}),
    "JSON has_key": in_file(file__has_key="a"),
    "JSON has_any_keys": in_file(file__has_any_keys=["z", "a"]),
    "JSON in": in_file(file__ward__in=["x", "y"]),
    "JSON text": lambda: list(Patient.objects.annotate(w=KT("file__ward")).values_list("w", flat=True)),
    "JSON startswith": in_file(file__ward__istartswith="X"),
    "JSON whole": in_file(file={"a": [1, {"b": None}], "ward": "x"}),
    "JSON values": lambda: list(Patient.objects.values_list("file__a", "file__ward")),
    "JSON SQL null": at(data__isnull=True),
    "JSON order": lambda: list(Patient.objects.order_by("file__ward").values_list("name")),
    "UUID by letters": uuid_by_letters,
    "UUID": lambda: Patient.objects.filter(code=Patient.objects.get().code).count(),
    "types": types,
    "types, none": typed_none,
    "year": at(found_at__year=2024),
    "date": at(found_at__date=NOON.date()),
    "hour": at(found_at__hour=12),
    "week day": lambda: list(
        specimens.filter(slot=1).values_list(f.ExtractWeekDay("found_at"), f.ExtractYear("found_on"))
    ),
    "microseconds": at(found_at=NOON),
    "later": at(found_at__gt=NOON - dt.timedelta(microseconds=1)),
    "time": at(time_of_day__lt=dt.time(13)),
    "date in Manila": in_manila(at(found_at__date=dt.date(2024, 3, 31))),
    "hour in Manila": in_manila(at(found_at__hour=20)),
    "trunc in Manila": in_manila(
        lambda: list(
            specimens.filter(slot=1).values_list(
                f.TruncDay("found_at"), f.TruncHour("found_at"), f.TruncMonth("found_on")
            )
        )
    ),
    "datetimes in Manila": in_manila(lambda: list(specimens.datetimes("found_at", "day"))),
    "a duration": lambda: [d for (d,) in specimens.filter(slot=1).values_list(F("found_at") - NOON)],
    "add a duration": lambda: list(
        specimens.filter(slot=1).values_list(F("found_at") + dt.timedelta(days=1))
    ),
    "binary": at(photo=b"\x00\xff'"),
    "emoji": at(name__contains="🙂"),
    "boolean": lambda: list(specimens.order_by("slot").values_list("genuine", flat=True)),
    "large number": at(serial=2**63),
    "prefetch": prefetched,
    "one by one": one_by_one,
    "select_related": joined,
    "deferred": deferred,
    "iterator": iterated,
    "evaluated once": evaluated_twice,
    "explain": explained,
    "cursor": cursor_as_manager,
    "m2m lookup": lambda: sorted(Work.objects.filter(writers__name="Kay").values_list("title")),
    "m2m both": lambda: list(
        Work.objects.filter(writers__name="Kay").filter(writers__name="Lu").values_list("title")
    ),
    "m2m count": lambda: sorted(Writer.objects.annotate(n=Count("work")).values_list("name", "n")),
    "inherited lookup": lambda: Novel.objects.filter(title="Gamma", work_ptr__writers__name="Lu").count(),
    "child of parent": lambda: list(Work.objects.filter(novel__pages__gt=1).values_list("title")),
    "raw": lambda: [
        a.name for a in articles.raw("SELECT id, name FROM shop_article WHERE stock > %s ORDER BY name", [0])
    ],
    "raw deferred": lambda: [a.stock for a in articles.raw("SELECT id FROM shop_article ORDER BY name")],
    "extra": lambda: list(
        articles.extra(select={"twice": "stock * 2"}).order_by("name").values_list("twice", flat=True)
    ),
    "earliest": lambda: Loan.objects.earliest("day").day,
    "columns": columns,
    "relations": of_table("get_relations", "shop_order"),
    "sequences": of_table("get_sequences", "shop_article"),
    "primary key": of_table("get_primary_key_column", "shop_article"),
    "constraints": constraints,
    "inspectdb": inspected,
    "features": features,
    "version": lambda: connection.mysql_version,
    "vendor": lambda: (connection.vendor, connection.display_name),
    "usable": lambda: connection.is_usable(),
    "a wrong field": lambda: articles.filter(none=1),
    "a wrong lookup": lambda: articles.filter(name__near=1),
    "a wrong number": lambda: articles.filter(stock="x").count(),
    "check": lambda: call_command("check", databases=["default"], verbosity=0),
}
