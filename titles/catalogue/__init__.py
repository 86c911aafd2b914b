"""What a title is: its fields, their bounds, its ratings."""
