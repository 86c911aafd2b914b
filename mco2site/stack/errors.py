"""What can go wrong with the local stack. Each message is one sentence that says what to do."""


class StackError(Exception):
    """The local stack could not be started or stopped."""
