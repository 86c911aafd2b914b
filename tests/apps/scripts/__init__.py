"""What is written with each app: a module an app, whose `write` may run once on a new database."""
