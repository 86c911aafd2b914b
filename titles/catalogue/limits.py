"""The bounds of a title, for model, forms, API, importer and, by TitlesApp.sql_constants, sql/titles."""

import re
from decimal import Decimal

LEAST_DIGITS, MOST_DIGITS = 7, 10
TCONST = re.compile(rf"tt[0-9]{{{LEAST_DIGITS},{MOST_DIGITS}}}")
"""IMDb's identifier of a title: `tt` and seven digits or more; the column takes ten."""
TCONST_IN_WORDS = f"tt and {LEAST_DIGITS} to {MOST_DIGITS} digits"

TITLE_LENGTH = 1024
"""Characters."""

MIN_YEAR, MAX_YEAR = 1870, 2100
"""IMDb's oldest moving pictures are of the 1870s; announced titles have years to come."""

MIN_RUNTIME, MAX_RUNTIME = 1, 100_000
"""Minutes. The longest film so far runs for about 51,000."""

MIN_RATING, MAX_RATING = Decimal("0.0"), Decimal("10.0")
RATING_IN_WORDS = f"{MIN_RATING} to {MAX_RATING}"

MAX_VOTES = 2_147_483_647

MOST_ROWS = 1_000
"""So many titles a search reads, and a procedure answers."""
