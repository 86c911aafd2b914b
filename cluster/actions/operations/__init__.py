"""What an operator starts: verbs as jobs, and decisions about orphaned transactions."""
