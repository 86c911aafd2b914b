"""Whether saving works now, for the banner of every page."""

from django import template

from cluster.backend import is_writable

register = template.Library()
register.simple_tag(is_writable, name="is_writable")
