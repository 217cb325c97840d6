"""Errors that name what was expected in a pickle and what was found there."""


class Unexpected(Exception):
    """Something in a pickle that cannot be read.

    `PickleFile.refusal` turns it into a DataError, which also names the file and the
    place.
    advice: what the user should do next
    """

    advice = "The file is damaged or incomplete. Download it again."

    def __init__(self, *, expected: str, got: str) -> None:
        super().__init__(expected, got)
        self.expected = expected
        self.got = got


class Forbidden(Unexpected):
    """Something in a pickle that could run code when Python loads it."""

    advice = (
        "A pickle may run code when it is loaded, and fewbench refuses such code. "
        "Download it again from its authors."
    )
