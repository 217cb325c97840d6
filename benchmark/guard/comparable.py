"""Refuse to compare results of other data, other episodes or another protocol."""

from fewbench.errors import UserError

from ...reports.records import RunResult
from .reference_folder import StoredReference


class NotComparable(UserError):
    """A result and a reference that cannot be compared. The text lists what differs.

    differences: one sentence for each difference
    """

    def __init__(self, text: str, differences: tuple[str, ...]) -> None:
        super().__init__(text)
        self.differences = differences


def check_comparable(new: RunResult, stored: StoredReference) -> None:
    """Raise NotComparable if data, episodes or protocol differ from the reference's."""
    raise NotImplementedError
