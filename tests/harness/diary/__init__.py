"""A small app of somebody else whose tables have changed their shape over the years."""
