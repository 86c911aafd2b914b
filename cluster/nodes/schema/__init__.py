"""What a node's database consists of: the shapes of tables, triggers, routines, set-up and migrations."""
