"""Short cases of what Django does with a database, each a function without arguments that returns a value or raises.

They know no cluster: the tests run each on Django's MySQL backend and on the cluster's, and compare.
"""

from collections.abc import Callable

Case = Callable[[], object]
