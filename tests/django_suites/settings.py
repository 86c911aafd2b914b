"""Settings for Django's runtests.py: two databases by one of the two backends, on private servers.

SUITES_ENGINE names the backend, SUITES_PLACES (JSON) says where the nodes are and who connects.
"""

import json
import os
from typing import Any

PLACES: dict[str, Any] = json.loads(os.environ["SUITES_PLACES"])
ENGINE = os.environ["SUITES_ENGINE"]
OPTIONS = {"charset": "utf8mb4"}
COLLATION = {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_uca1400_ai_ci"}
ADMIN = {"USER": PLACES["admin"]["USER"], "PASSWORD": PLACES["admin"]["PASSWORD"]}
MAIN = PLACES["nodes"]["main"]

if ENGINE == "cluster.backend":
    DATABASES = {
        name: {"ENGINE": ENGINE, "OPTIONS": OPTIONS, "TEST": {"NAME": f"test_suites_{name}"} | COLLATION}
        for name in ("default", "other")
    }
    DATABASES |= {
        name: place | {"ENGINE": ENGINE, "OPTIONS": OPTIONS} for name, place in PLACES["nodes"].items()
    }
    DATABASES["control"] = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ":memory:",
        "TEST": {"DEPENDENCIES": []},
    }
    CLUSTER_REPLICATED_MODELS = ["*"]
    globals().update(PLACES["policy"])
else:
    DATABASES = {
        name: MAIN
        | ADMIN
        | {"ENGINE": ENGINE, "OPTIONS": OPTIONS, "TEST": {"NAME": f"test_suites_{name}"} | COLLATION}
        for name in ("default", "other")
    }
SECRET_KEY = "django_tests_secret_key"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = False
