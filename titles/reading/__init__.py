"""Lists, search and figures."""
