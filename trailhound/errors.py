"""Errors that a user can mend."""


class UserError(Exception):
    """One line: what is wrong, where, what to do. Commands print it and exit with 2."""
