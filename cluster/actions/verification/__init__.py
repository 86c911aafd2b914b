"""Whether all nodes hold the same, and how a difference is ended."""
