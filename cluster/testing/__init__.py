"""Tests of an application on a private cluster."""
