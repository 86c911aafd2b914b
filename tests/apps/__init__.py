"""A project of other people's apps, by settings alone: on the cluster and on one plain MariaDB."""

EDITOR, PASSWORD = "editor", "correct horse battery staple"
"""Who may do everything."""
