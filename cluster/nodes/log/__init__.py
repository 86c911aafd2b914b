"""The transaction log of one node: reading, appending, staging, orphaned entries, pruning."""
