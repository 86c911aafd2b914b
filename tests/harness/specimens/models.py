"""Models whose rows are hard to carry to another server without a change."""

import uuid
from typing import Any

from django.db import models


class SinglePrecision(models.Field):
    """FLOAT, which prints fewer digits than it holds."""

    def db_type(self, connection: object) -> str:
        """MariaDB's four-byte float."""
        return "float"


class Bits(models.Field):
    """BIT(12), which prints as bytes."""

    def db_type(self, connection: object) -> str:
        """Twelve bits."""
        return "bit(12)"


class Timestamp(models.Field):
    """TIMESTAMP(6), which prints in the time zone of the session."""

    def db_type(self, connection: object) -> str:
        """With microseconds."""
        return "timestamp(6)"


class Shelf(models.Model):
    """What a specimen refers to."""

    name = models.CharField(max_length=40, unique=True)

    class Meta:
        db_table = "test_shelf"

    def __str__(self) -> str:
        return self.name


class Specimen(models.Model):
    """One column of each kind; keys that the server hands out, a foreign key and a second unique key."""

    shelf = models.ForeignKey(Shelf, on_delete=models.CASCADE, null=True)
    slot = models.IntegerField(unique=True, null=True)
    price = models.DecimalField(max_digits=30, decimal_places=10, null=True)
    found_on = models.DateField(null=True)
    found_at = models.DateTimeField(null=True)
    time_of_day = models.TimeField(null=True)
    weight = models.FloatField(null=True)
    single = SinglePrecision(null=True)
    bits = Bits(null=True)
    stamp = Timestamp(null=True)
    data = models.JSONField(null=True)
    photo = models.BinaryField(null=True)
    name = models.CharField(max_length=80, null=True)
    note = models.TextField(null=True)
    code = models.UUIDField(null=True, default=uuid.uuid4)
    genuine = models.BooleanField(null=True)
    serial = models.PositiveBigIntegerField(null=True)
    balance = models.BigIntegerField(null=True)
    doubled = models.GeneratedField(
        expression=models.F("slot") * 2, output_field=models.BigIntegerField(), db_persist=True
    )

    class Meta:
        db_table = "test_specimen"

    def __str__(self) -> str:
        return f"specimen {self.pk}"


class Label(models.Model):
    """A key of two columns."""

    pk = models.CompositePrimaryKey("shelf", "position")
    shelf = models.CharField(max_length=20)
    position = models.IntegerField()
    text = models.CharField(max_length=80, default="")

    class Meta:
        db_table = "test_label"

    def __str__(self) -> str:
        return f"{self.shelf} {self.position}: {self.text}"


class Raw(models.Field):
    """A column of any type that MariaDB has, as `kind` names it."""

    def __init__(self, kind: str, **options: Any) -> None:
        self.kind = kind
        super().__init__(**options)

    def deconstruct(self) -> Any:
        """With the type."""
        name, path, args, options = super().deconstruct()
        return name, path, args, options | {"kind": self.kind}

    def db_type(self, connection: object) -> str:
        """Return the type."""
        return self.kind


class Oddity(models.Model):
    """Column types that Django does not make by itself, and a binary key."""

    key = Raw("varbinary(16)", primary_key=True)
    choice = Raw("enum('a', 'b', '', 'A b')", null=True)
    choices = Raw("set('a', 'b', 'c')", null=True)
    year = Raw("year(4)", null=True)
    tiny = Raw("tinyint", null=True)
    medium = Raw("mediumint unsigned", null=True)
    large = Raw("bigint unsigned", null=True)
    exact = Raw("decimal(65,30)", null=True)
    double = Raw("double", null=True)
    fixed = Raw("char(10)", null=True)
    latin = Raw("varchar(20) character set latin1", null=True)
    bytes = Raw("varbinary(20)", null=True)
    blob = Raw("mediumblob", null=True)
    moment = Raw("datetime(3)", null=True)
    span = Raw("time(6)", null=True)
    stamp = Raw("timestamp(6)", null=True)
    address = Raw("inet6", null=True)
    json = Raw("json", null=True)
    limited = models.IntegerField(null=True)

    class Meta:
        db_table = "test_oddity"
        constraints = (
            models.CheckConstraint(condition=models.Q(limited__gte=0), name="test_oddity_limited"),
            models.UniqueConstraint(fields=("tiny", "fixed"), name="test_oddity_unique"),
        )

    def __str__(self) -> str:
        return f"oddity {self.key!r}"


class Snowflake(models.Model):
    """A key of two columns, one of them a number that no double can hold."""

    pk = models.CompositePrimaryKey("place", "number")
    place = models.CharField(max_length=20)
    number = models.BigIntegerField()
    text = models.CharField(max_length=80, default="")

    class Meta:
        db_table = "test_snowflake"

    def __str__(self) -> str:
        return f"{self.place} {self.number}: {self.text}"


class Amount(models.Model):
    """A decimal key with more digits than a double has."""

    amount = models.DecimalField(primary_key=True, max_digits=40, decimal_places=10)
    text = models.CharField(max_length=80, default="")

    class Meta:
        db_table = "test_amount"

    def __str__(self) -> str:
        return f"{self.amount}: {self.text}"


class Word(models.Model):
    """A key of letters, equal to its variants in upper case and with trailing spaces."""

    word = models.CharField(primary_key=True, max_length=40)
    meaning = models.CharField(max_length=80, default="")

    class Meta:
        db_table = "test_word"

    def __str__(self) -> str:
        return self.word


class LongName(models.Model):
    """A table whose name leaves no room for those of its triggers."""

    word = models.CharField(max_length=40)

    class Meta:
        db_table = "test_of_a_table_whose_name_takes_all_of_the_sixty_four_letters_a"

    def __str__(self) -> str:
        return self.word


class LongerName(models.Model):
    """The same, and alike but for the last letter."""

    word = models.CharField(max_length=40)
    first = models.ForeignKey(LongName, on_delete=models.CASCADE)

    class Meta:
        db_table = "test_of_a_table_whose_name_takes_all_of_the_sixty_four_letters_b"

    def __str__(self) -> str:
        return self.word


class Counter(models.Model):
    """What the writers of the fault tests count with."""

    id = models.IntegerField(primary_key=True)
    value = models.BigIntegerField(default=0)
    writer = models.CharField(max_length=64, default="")

    class Meta:
        db_table = "test_counter"

    def __str__(self) -> str:
        return f"{self.id} = {self.value}"
