"""Settings of the site. What differs between machines is a variable of `.env.example`."""

from pathlib import Path

from csp.constants import NONE, SELF

from cluster.conf import ClusterConf
from mco2site.environment import control_database, env, node_database, text, url

BASE_DIR = Path(__file__).resolve().parent.parent
env.read_env(BASE_DIR / ".env")
VAR_DIR = Path(text("VAR_DIR", str(BASE_DIR / "var"))).resolve()

SECRET_KEY = text("SECRET_KEY")
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])

INSTALLED_APPS = [
    "cluster",  # before unfold: the badge of every page is its own
    "unfold.apps.BasicAppConfig",
    "mco2site.apps.OperatorsConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "django_htmx",
    "mco2site",
    "titles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "cluster.operators.OperatorAccounts",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "titles.rates.RateLimit",
    "cluster.backend.middleware.ReadYourWrites",
    "csp.middleware.CSPMiddleware",
    "titles.middleware.UnavailableMiddleware",
]

ROOT_URLCONF = "mco2site.urls"
WSGI_APPLICATION = "mco2site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {
    "default": node_database(
        "MAIN_DATABASE_URL"
    ),  # the cluster: at the first connection, wherever its primary is
    "control": control_database("CONTROL_DATABASE_URL", VAR_DIR),
    "main": node_database("MAIN_DATABASE_URL"),
    "node_a": node_database("NODE_A_DATABASE_URL"),
    "node_b": node_database("NODE_B_DATABASE_URL"),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "titles:titles"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True

# Requests that one program may send to the API in a minute; 0: any number.
API_RATE_LIMIT = env.int("API_RATE_LIMIT", default=6000)

STATIC_URL = "static/"
# Static files come straight from the apps: nothing is collected, nothing can be stale.
WHITENOISE_USE_FINDERS = True

# Behind a proxy that ends TLS.
HTTPS = env.bool("HTTPS", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_SSL_REDIRECT = HTTPS
# Machines ask without TLS, and a load balancer would take a redirect for health.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$", r"^cluster/"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Scripts, styles and pictures are files of this site; nothing stands in a page itself, nothing comes from elsewhere.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

UNFOLD = {
    "SITE_TITLE": "mco2",
    "SITE_HEADER": "mco2",
    "SITE_SUBHEADER": "Titles on three nodes",
    "SITE_SYMBOL": "database",
    "ENVIRONMENT": "cluster.views.site.badge",
    "STYLES": [lambda _request: "/static/cluster/operators.css"],
    "SHOW_HISTORY": False,
    "SIDEBAR": {
        "show_all_applications": False,
        "navigation": "mco2site.navigation.navigation",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}

CELERY_BROKER_URL = url("CELERY_BROKER_URL", "redis://127.0.0.1:6380/0")

# The cluster's policy; cluster.conf checks the values and says what is wrong with them.
CLUSTER_USER = text("CLUSTER_USER", "mco2_cluster")
CLUSTER_PASSWORD = text("CLUSTER_PASSWORD")
CLUSTER_ADMIN_USER = text("CLUSTER_ADMIN_USER", "")
CLUSTER_ADMIN_PASSWORD = text("CLUSTER_ADMIN_PASSWORD", "")
CLUSTER_PROBE_INTERVAL = env.float("CLUSTER_PROBE_INTERVAL", default=ClusterConf.probe_interval)
CLUSTER_PROBE_TIMEOUT = env.float("CLUSTER_PROBE_TIMEOUT", default=ClusterConf.probe_timeout)
CLUSTER_FAILURE_THRESHOLD = env.int("CLUSTER_FAILURE_THRESHOLD", default=ClusterConf.failure_threshold)
CLUSTER_LEASE_SECONDS = env.float("CLUSTER_LEASE_SECONDS", default=ClusterConf.lease_seconds)
CLUSTER_ACK_TIMEOUT = env.float("CLUSTER_ACK_TIMEOUT", default=2.0)
CLUSTER_DURABILITY = text("CLUSTER_DURABILITY", "quorum")
CLUSTER_COOLDOWN_SECONDS = env.float("CLUSTER_COOLDOWN_SECONDS", default=60.0)
CLUSTER_AUTOMATIC = env.bool("CLUSTER_AUTOMATIC", default=True)
CLUSTER_FAILBACK = text("CLUSTER_FAILBACK", "manual")
CLUSTER_WRITE_DEADLINE = env.float("CLUSTER_WRITE_DEADLINE", default=10.0)
CLUSTER_READ_FROM = text("CLUSTER_READ_FROM", "primary")
CLUSTER_READ_STALENESS = env.float("CLUSTER_READ_STALENESS", default=5.0)
CLUSTER_KEEP_DAYS = env.int("CLUSTER_KEEP_DAYS", default=30)
CLUSTER_REPLICATED_MODELS = env.list(
    "CLUSTER_REPLICATED_MODELS", default=["titles.Title", "titles.TitleStatistics"]
)
CLUSTER_ALERT_URLS = text("CLUSTER_ALERT_URLS", "").split()
CLUSTER_SQL_DIR = BASE_DIR / "sql"
DATABASE_ROUTERS = ["cluster.backend.router.ClusterRouter"]

# The local stack: what `make up` starts on this machine.
ADMIN_PASSWORD = text("ADMIN_PASSWORD", "")
BROKER_PORT = env.int("BROKER_PORT", default=6380)
WEB_PORT = env.int("WEB_PORT", default=8000)
LOCAL_BUFFER_POOL = text("LOCAL_BUFFER_POOL", "256M")
