"""An app with a history as third-party apps have one: rows, renamed models and late fields in its migrations."""
