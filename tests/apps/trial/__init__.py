"""What the project itself has: models that use the apps as their documents say."""
