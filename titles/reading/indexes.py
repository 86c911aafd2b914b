"""Indexes that Django cannot describe by itself."""

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement


class PrefixIndex(models.Index):
    """An index on the first `length` characters of a text column that is too long to index whole.

    MariaDB takes at most 3072 bytes a key. Other databases get an ordinary index.
    """

    def __init__(self, *fields: str, length: int, name: str) -> None:
        super().__init__(fields=fields, name=name)
        self.length = length

    def deconstruct(self) -> tuple[str, tuple[object, ...], dict[str, object]]:
        """Return it as migrations write it."""
        path, _, arguments = super().deconstruct()
        fields = arguments.pop("fields")
        return path, tuple(fields), arguments | {"length": self.length}

    def create_sql(
        self,
        model: type[models.Model],
        schema_editor: BaseDatabaseSchemaEditor,
        using: str = "",
        **kwargs: object,
    ) -> Statement:
        """CREATE INDEX, with the length of the prefix where the database knows such a thing."""
        fields = [model._meta.get_field(name) for name, _ in self.fields_orders]
        suffixes = [f"({self.length})"] if schema_editor.connection.vendor == "mysql" else [""]
        return schema_editor._create_index_sql(  # type: ignore[attr-defined]
            model, fields=fields, name=self.name, using=using, col_suffixes=suffixes, **kwargs
        )


class FullTextIndex(models.Index):
    """An index of the words of a text column, for MariaDB's MATCH ... AGAINST.

    A write that leaves the text alone does not touch it. Other databases get an ordinary index.
    """

    def create_sql(
        self,
        model: type[models.Model],
        schema_editor: BaseDatabaseSchemaEditor,
        using: str = "",
        **kwargs: object,
    ) -> Statement:
        """CREATE FULLTEXT INDEX, where the database knows such a thing."""
        if schema_editor.connection.vendor == "mysql":
            kwargs["sql"] = "CREATE FULLTEXT INDEX %(name)s ON %(table)s (%(columns)s)%(extra)s"
        return super().create_sql(model, schema_editor, using=using, **kwargs)
