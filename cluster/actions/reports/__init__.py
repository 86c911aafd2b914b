"""What the nodes and the journal say, gathered for pages and commands."""
