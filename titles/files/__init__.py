"""Titles as files: IMDb's TSV, spreadsheets, the importer."""
