"""What happened, for people: the journal and the alerts that follow from it."""
