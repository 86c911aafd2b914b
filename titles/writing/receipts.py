"""The receipt of a write on its way to the page that shows it: signed, so that no address can claim a write."""

from dataclasses import asdict, dataclass
from typing import Any

from django.core import signing
from django.http import HttpResponse

from cluster.backend import Written

SALT = "titles.receipt"


@dataclass(frozen=True)
class Saved:
    """What a saved write answers with."""

    transaction_id: str
    node: str
    epoch: int | None
    """None where there was nothing to change, so nothing was written."""
    repeated: bool


def sealed(written: Written[object]) -> str:
    """Return the receipt for a page's address."""
    return signing.dumps(asdict(_saved(written)), salt=SALT, compress=True)


def opened(text: str) -> Saved | None:
    """Return the receipt that `sealed` made, None for anything else."""
    try:
        return Saved(**signing.loads(text, salt=SALT)) if text else None
    except (signing.BadSignature, TypeError):
        return None


def marked(response: HttpResponse, written: Written[Any]) -> HttpResponse:
    """Add the headers of a saved write to its answer: its id and its node."""
    saved = _saved(written)
    response["X-Transaction-Id"] = saved.transaction_id
    response["X-Served-By"] = str(written.node)
    return response


def _saved(written: Written[object]) -> Saved:
    return Saved(written.transaction_id, written.node.label, written.epoch, written.repeated)
