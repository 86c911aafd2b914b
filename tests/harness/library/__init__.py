"""An app as Django developers write them: relations of every kind."""
