"""What all errors are."""


class ElbowroomError(Exception):
    """Base of all errors that end a command with one clear line."""
