"""The roles of the site: what each may do, each more than the one before."""

VIEWER = ["titles.view_title", "titles.view_titlestatistics"]
EDITOR = [*VIEWER, "titles.add_title", "titles.change_title", "titles.delete_title"]
CURATOR = [*EDITOR, "titles.revert_title", "titles.import_title"]
OPERATOR = [
    *CURATOR,
    "cluster.view_logentry",
    "cluster.view_nodesetting",
    "cluster.view_event",
    "cluster.view_orphanedtransaction",
]
ROLES = {"viewer": VIEWER, "editor": EDITOR, "curator": CURATOR, "operator": OPERATOR}
