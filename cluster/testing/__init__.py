"""Tests of an application whose commits are acknowledged: on a private cluster of three servers."""

from cluster.testing.cases import OnCluster, TransactionTestCase
from cluster.testing.private import PrivateCluster, PrivateClusterError

__all__ = ["OnCluster", "PrivateCluster", "PrivateClusterError", "TransactionTestCase"]
