"""How values are shown in pages."""

from decimal import Decimal

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def known(value: object) -> object:
    """Return the value; a dash, read as "unknown", for none."""
    if value is None or value == "":
        return _unknown()
    return str(value)


@register.filter
def number(value: int | None) -> object:
    """Return a whole number with its thousands apart."""
    return _unknown() if value is None else f"{value:,}"


@register.filter
def plain(value: float) -> str:
    """Return a length for an SVG, whatever the language."""
    return f"{value:g}"


@register.filter
def tenfold(rating: Decimal) -> float:
    """Return a rating of ten as a share of a hundred."""
    return float(10 * rating)


def _unknown() -> SafeString:
    return mark_safe(
        '<span class="unknown" aria-hidden="true">&ndash;</span><span class="hidden">unknown</span>'
    )
