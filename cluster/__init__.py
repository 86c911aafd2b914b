"""Keeps a Django site's tables alive on three MariaDB nodes."""
