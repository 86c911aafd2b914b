"""Random statements of sessions with random settings; afterwards the tables of all nodes are equal byte for byte."""
