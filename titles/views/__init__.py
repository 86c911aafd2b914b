"""The pages of the catalogue: each view checks what it was asked, calls one query or verb, and renders."""
