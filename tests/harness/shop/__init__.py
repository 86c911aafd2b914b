"""A small app of somebody else: it knows Django and the documented API, and nothing else of the cluster."""
