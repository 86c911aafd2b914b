"""Set-up, migrations, rebuilds, dumps, and a log that stays short."""
