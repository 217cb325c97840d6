"""What a pickle should hold at some place, and what it holds instead."""


class Unexpected(Exception):
    """Found while reading a pickle; `PickleFile.refusal` makes a DataError of it."""

    advice = "The file is damaged or incomplete. Download it again."

    def __init__(self, *, expected: str, got: str) -> None:
        super().__init__(expected, got)
        self.expected = expected
        self.got = got


class Forbidden(Unexpected):
    """Something that could run code when Python loads the pickle."""

    advice = (
        "A pickle may run code when it is loaded, and fewbench refuses to do that. "
        "Download it again from its authors."
    )
