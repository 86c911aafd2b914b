"""The site's settings for tests: models that are hard to replicate, and a control database of their own.

Processes that a test starts share another one, named by CONTROL_DATABASE.
"""

import os
import tempfile
from pathlib import Path

# Whoever wants a broker starts one: a stack that runs beside the tests is not to get their work.
os.environ.setdefault("CELERY_BROKER_URL", "redis://127.0.0.1:1/0")

from mco2site.environment import SQLITE_OPTIONS
from mco2site.settings import *  # noqa: F403
from mco2site.settings import CLUSTER_REPLICATED_MODELS, DATABASES, INSTALLED_APPS
from mco2site.settings import LOGGING as SITE_LOGGING

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "tests.harness.specimens",
    "tests.harness.shop",
    "tests.harness.diary",
    "tests.harness.library",
    "tests.harness.clinic",
]
CLUSTER_REPLICATED_MODELS = [
    *CLUSTER_REPLICATED_MODELS,
    "specimens.Shelf",
    "specimens.Specimen",
    "specimens.Label",
    "specimens.Oddity",
    "specimens.Snowflake",
    "specimens.Amount",
    "specimens.Word",
    "specimens.LongName",
    "specimens.LongerName",
    "specimens.Counter",
    "shop.Article",
    "shop.Order",
    "diary.Page",
    "library",
    "clinic",
]
OWN = Path(tempfile.gettempdir()) / f"mco2-control-{os.getpid()}.sqlite3"
DATABASES["control"] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": os.environ.get("CONTROL_DATABASE", OWN),
    "OPTIONS": SQLITE_OPTIONS,
    "TEST": {"NAME": OWN, "DEPENDENCIES": []},
}
LOGGING = SITE_LOGGING | {"root": {"handlers": ["stderr"], "level": "WARNING"}}
