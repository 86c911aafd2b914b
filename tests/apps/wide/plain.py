"""The wide trial on one plain MariaDB with Django's own backend."""

import oscar
from oscar.defaults import *  # noqa: F403

from tests.apps.plain import *  # noqa: F403
from tests.apps.plain import MIDDLEWARE as FEWER
from tests.apps.plain import TEMPLATES

INSTALLED_APPS = [
    "tests.apps.scripts",
    *oscar.INSTALLED_APPS,
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "django_celery_results",
]
OTHERS = ("simple_history", "wagtail")
MIDDLEWARE = [
    *(one for one in FEWER if not one.startswith(OTHERS)),
    "allauth.account.middleware.AccountMiddleware",
    "oscar.apps.basket.middleware.BasketMiddleware",
]
TEMPLATES[0]["OPTIONS"]["context_processors"] += [
    "oscar.apps.search.context_processors.search_form",
    "oscar.apps.checkout.context_processors.checkout",
    "oscar.apps.communication.notifications.context_processors.notifications",
    "oscar.core.context_processors.metadata",
]
AUTHENTICATION_BACKENDS = [
    "oscar.apps.customer.auth_backends.EmailBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
ROOT_URLCONF = "tests.apps.wide.urls"
SITE_ID = 1
# A mail is sent in the middle of a view, and a limit of sign-ups is kept in memory: neither is what this is about.
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
ACCOUNT_RATE_LIMITS = False
