"""What a library keeps: many-to-many fields, multi-table inheritance, a proxy, a generic reference."""

from typing import ClassVar

from django.db import models


class Writer(models.Model):
    """Somebody who writes."""

    name = models.CharField(max_length=60)
    taught_by = models.ManyToManyField("self", symmetrical=False, blank=True)

    def __str__(self) -> str:
        return self.name


class Work(models.Model):
    """Something to read."""

    title = models.CharField(max_length=60)
    writers = models.ManyToManyField(Writer)
    readers = models.ManyToManyField("Reader", through="Loan")

    def __str__(self) -> str:
        return self.title


class Novel(Work):
    """A work with pages."""

    pages = models.PositiveIntegerField(default=0)


class Reader(models.Model):
    """Somebody who borrows."""

    name = models.CharField(max_length=60)

    def __str__(self) -> str:
        return self.name


class Loan(models.Model):
    """A work in somebody's hands."""

    work = models.ForeignKey(Work, on_delete=models.CASCADE)
    reader = models.ForeignKey(Reader, on_delete=models.CASCADE)
    day = models.DateField(null=True)

    def __str__(self) -> str:
        return f"{self.work} with {self.reader}"


class Classic(Work):
    """A work under another name."""

    class Meta:
        proxy = True
        ordering: ClassVar = ["title"]
