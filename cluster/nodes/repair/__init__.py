"""Rows and logs compared, repaired, quarantined, rebuilt and dumped."""
