"""Whether saving works now, for the banner of every page."""

from django import template

from cluster.actions import standing as cluster_standing
from cluster.actions.standing import Standing

register = template.Library()


@register.simple_tag
def standing() -> Standing:
    """Who takes writes, as this process last saw it."""
    return cluster_standing.standing()
