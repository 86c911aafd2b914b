"""The pages of the catalogue: each view checks its request, calls one query or verb, and renders."""
