"""The one error that a user can mend; every room derives its own from it."""


class UserError(ValueError):
    """A mistake that the user can mend.

    Its text says what failed and where, what was expected and found, and what to type next.
    The command line prints that text and nothing else, and exits with code 2.
    """
