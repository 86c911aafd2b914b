"""The site's settings for tests: a control database in memory, and models that are hard to replicate."""

from mco2site.settings import *  # noqa: F403
from mco2site.settings import CLUSTER_REPLICATED_MODELS, DATABASES, INSTALLED_APPS
from mco2site.settings import LOGGING as SITE_LOGGING

INSTALLED_APPS = [*INSTALLED_APPS, "tests.harness.specimens"]
CLUSTER_REPLICATED_MODELS = [
    *CLUSTER_REPLICATED_MODELS,
    "specimens.Shelf",
    "specimens.Specimen",
    "specimens.Label",
    "specimens.Word",
    "specimens.Counter",
]
DATABASES["default"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
LOGGING = SITE_LOGGING | {"root": {"handlers": ["stderr"], "level": "WARNING"}}
