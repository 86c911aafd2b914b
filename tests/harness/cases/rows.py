"""The rows that each case begins with, and how they go."""

import datetime as dt
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Model

from tests.harness.clinic.models import Appointment, Doctor, Patient
from tests.harness.library.models import Loan, Novel, Reader, Work, Writer
from tests.harness.shop.models import Article, Order
from tests.harness.specimens.models import Amount, Counter, Label, Shelf, Specimen, Word

MODELS: tuple[type[Model], ...] = (
    Article, Order, Writer, Reader, Work, Novel, Loan, Doctor, Patient, Appointment,
    Shelf, Specimen, Label, Word, Amount, Counter,
)  # fmt: skip
"""In an order in which tables can be made: whoever is referred to comes first."""
NOON = dt.datetime(2024, 3, 31, 12, 0, 0, 123456, tzinfo=dt.UTC)


def tables() -> list[str]:
    """Return the tables of all models and of their many-to-many fields."""
    own = [model._meta.db_table for model in MODELS]
    return own + [field.m2m_db_table() for model in MODELS for field in model._meta.local_many_to_many]


def clear() -> None:
    """Remove all rows."""
    names = tables()
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"EXISTS (SELECT 1 FROM `{name}`)" for name in names))
        filled = [name for name, is_filled in zip(names, cursor.fetchone(), strict=True) if is_filled]
        cursor.execute("SET foreign_key_checks = 0")
        with transaction.atomic():
            for name in filled:
                cursor.execute(f"DELETE FROM `{name}`")
        cursor.execute("SET foreign_key_checks = 1")


@transaction.atomic
def fill() -> None:
    """Make the rows."""
    lamp, desk, _ = (
        Article.objects.create(name=n, stock=s) for n, s in (("lamp", 3), ("desk", 1), ("vase", 0))
    )
    for article, customer, quantity in ((lamp, "ann", 2), (lamp, "bob", 1), (desk, "ann", 1)):
        Order.objects.create(article=article, customer=customer, quantity=quantity)
    kay, lu = (Writer.objects.create(name=name) for name in ("Kay", "Lu"))
    alpha, beta = (Work.objects.create(title=title) for title in ("Alpha", "Beta"))
    alpha.writers.add(kay)
    beta.writers.add(kay, lu)
    Novel.objects.create(title="Gamma", pages=100).writers.add(lu)
    Loan.objects.create(work=alpha, reader=Reader.objects.create(name="Rex"), day=dt.date(2024, 2, 29))
    Patient.objects.create(name="Pat", file={"a": [1, {"b": None}], "ward": "x"}).doctors.add(
        Doctor.objects.create(name="Who")
    )
    Specimen.objects.create(
        slot=1, price=Decimal("1.5"), found_on=NOON.date(), found_at=NOON, time_of_day=NOON.time(), weight=0.1,
        name="ä 🙂 ", note="", photo=b"\x00\xff'", genuine=True, data={"k": [1, None, "x"]}, serial=2**63,
    )  # fmt: skip
    Specimen.objects.create(slot=2, name="b", genuine=False)
    Label.objects.create(shelf="s", position=1, text="one")
    Counter.objects.create(id=1, value=5)
