"""The base class of all errors that a user can fix."""

from .documents import printable


class UserError(ValueError):
    """An error that the user can fix.

    Its text says what failed and where, what was expected and found, and what to type
    next. The command line prints only this text, without a traceback, and exits with
    code 2. A text of several lines is given line by line.

    The text may contain names from files. Their unprintable characters and line ends
    are escaped, so that no name begins a line that looks like ours.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__(*map(printable, lines))

    def __str__(self) -> str:
        return "\n".join(self.lines)

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of the text."""
        return self.args
