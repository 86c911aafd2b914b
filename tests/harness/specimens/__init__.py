"""A small app whose models have every type of column that is hard to replicate."""
