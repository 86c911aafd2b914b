"""Edits, forms, receipts, and writes that are done once."""
