"""The differences that a verification finds, kept on disk: there may be as many as there are rows."""

import json
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from cluster.protocol.differences import Difference, Kind
from cluster.protocol.names import NodeName

SHOWN = 20
"""How many are kept at hand for a person."""


class Differences:
    """Takes differences one by one and gives them back in that order."""

    def __init__(self) -> None:
        self.first: list[Difference] = []
        self.count = 0
        self._file = tempfile.TemporaryFile("w+", prefix="mco2-differences-")  # noqa: SIM115
        weakref.finalize(self, self._file.close)

    def add(self, difference: Difference) -> None:
        """Keep one more."""
        if self.count < SHOWN:
            self.first.append(difference)
        self.count += 1
        self._file.write(json.dumps(asdict(difference)) + "\n")

    def __iter__(self) -> Iterator[Difference]:
        return (restored(facts) for facts in self.facts())

    def facts(self) -> Iterator[dict[str, object]]:
        """Yield each as JSON shows it."""
        self._file.seek(0)
        for line in self._file:
            yield json.loads(line)


def restored(facts: dict[str, Any]) -> Difference:
    """Return the difference that these facts describe."""
    return Difference(
        table=facts["table"],
        key=facts["key"],
        node=NodeName(facts["node"]),
        kind=Kind(facts["kind"]),
        columns=tuple(facts["columns"]),
        against_log=facts["against_log"],
    )
