"""What a title may look like: the bounds that model, importer and `sql/titles` have in common."""

import re
from decimal import Decimal

TCONST = re.compile(r"tt[0-9]{7,10}")
"""IMDb's identifier of a title: `tt` and seven digits or more; the column takes ten."""

TITLE_LENGTH = 1024
"""Characters."""

MIN_YEAR, MAX_YEAR = 1870, 2100
"""IMDb's oldest moving pictures are of the 1870s; announced titles have years to come."""

MIN_RUNTIME, MAX_RUNTIME = 1, 100_000
"""Minutes. The longest film so far runs for about 51,000."""

MIN_RATING, MAX_RATING = Decimal("0.0"), Decimal("10.0")

MAX_VOTES = 2_147_483_647
