"""The base class of all errors that a user can fix."""

from .documents import printable


class UserError(ValueError):
    """An error that the user can fix.

    Its text says what failed and where, what was expected and found, and what to type
    next. The command line prints only this text, without a traceback, and exits with
    code 2. The text may contain names from files. Unprintable characters in these names
    are escaped.
    """

    def __init__(self, text: str = "") -> None:
        super().__init__(printable(text, keep="\n"))
