"""What the log knows of an application's records, for its pages: the changes of one, where a transaction has arrived.

Apart from `cluster.backend`, which Django loads before any model.
"""

from cluster.actions.reports.history import Change, change, history
from cluster.actions.reports.receipt import Receipt, receipt

__all__ = ["Change", "Receipt", "change", "history", "receipt"]
