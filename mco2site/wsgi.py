"""The site as a WSGI application: `gunicorn mco2site.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mco2site.settings")

application = get_wsgi_application()
