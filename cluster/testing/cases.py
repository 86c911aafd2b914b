"""Test cases on a private cluster: what they commit is acknowledged, and they may kill a node."""

from typing import Any, ClassVar

from django import test
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connections

from cluster.backend.context import NODES
from cluster.conf import CLUSTER_ALIAS, CONTROL_ALIAS
from cluster.testing.private import PrivateCluster, private_cluster

SERIALIZED = "_test_serialized_contents"
"""Where Django keeps what the migrations have put into a test database."""


class OnCluster:
    """Mixin for classes of Django's that commit: with `cluster = True` they run on a private cluster.

    All aliases are its: `default`, the nodes', and the control database. Before each test every node is up, Main is
    the primary, and the tables are empty but for what `post_migrate` makes. nodes: what kills and freezes them.
    """

    cluster: ClassVar[bool] = False
    nodes: ClassVar[PrivateCluster]
    emptied: ClassVar[frozenset[str]] = frozenset()
    """The aliases whose tables Django is to empty."""

    @classmethod
    def setUpClass(cls: Any) -> None:
        """Begin the cluster if need be, and let the aliases be its. Raises PrivateClusterError."""
        if cls.cluster:
            if issubclass(cls, test.TestCase):
                raise ImproperlyConfigured(
                    f"{cls.__qualname__} is a TestCase, which commits nothing, so that nothing is acknowledged: "
                    "with `cluster = True` it is to be a cluster.testing.TransactionTestCase."
                )
            cls.nodes, contents = private_cluster(), getattr(connections[CLUSTER_ALIAS], SERIALIZED, None)
            cls.enterClassContext(cls.nodes.used())
            cls.emptied = frozenset(connections if cls.databases == "__all__" else cls.databases) - NODES
            cls.databases = cls.emptied | NODES | {CONTROL_ALIAS}
            if cls.serialized_rollback and contents is not None:
                call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
                setattr(connections[CLUSTER_ALIAS], SERIALIZED, contents)
        super().setUpClass()  # type: ignore[misc]

    @classmethod
    def _databases_names(cls: Any, include_mirrors: bool = True) -> list[str]:
        names: list[str] = super()._databases_names(include_mirrors)  # type: ignore[misc]
        return [name for name in names if name in cls.emptied] if cls.cluster else names

    def _fixture_teardown(self) -> None:
        if self.cluster:
            self.nodes.restore()
        super()._fixture_teardown()  # type: ignore[misc]


class TransactionTestCase(OnCluster, test.TransactionTestCase):
    """Django's; with `cluster = True` on a private cluster."""
