"""Django's own suites, from its source distribution, on the cluster's backend and on Django's: make django-tests."""
