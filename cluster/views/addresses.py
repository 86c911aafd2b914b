"""How a node's name stands in an address."""

from django.urls import register_converter
from django.urls.converters import StringConverter, get_converters

from cluster.protocol.names import NodeName


class NodeConverter(StringConverter):
    """The name of a node."""

    regex = "main|node_a|node_b"

    def to_python(self, value: str) -> NodeName:
        """Return the name as the code has it."""
        return NodeName(value)

    def to_url(self, value: NodeName | str) -> str:
        """Return the name as the address has it."""
        return NodeName(value).value


def register() -> None:
    """Let addresses say <node:name>. May be repeated."""
    if "node" not in get_converters():
        register_converter(NodeConverter, "node")
