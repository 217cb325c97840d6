"""Refuse to compare results of other data, other episodes or another protocol."""

from collections.abc import Iterator, Sequence

from fewbench.errors import UserError

from ...reports.groups import EPISODE_FIELDS
from ...reports.records import RunResult
from .references.reference_file import save_command
from .references.reference_folder import StoredReference


class NotComparable(UserError):
    """A result and a reference that cannot be compared. The text lists what differs.

    differences: a few words for each difference
    """

    def __init__(self, text: str, differences: Sequence[str]) -> None:
        super().__init__(text)
        self.differences = tuple(differences)


def check_comparable(new: RunResult, stored: StoredReference) -> None:
    """Raise NotComparable if data, episodes or protocol differ from the reference's."""
    differences = list(_differences(new, stored))
    if not differences:
        return
    key = stored.reference.key
    listed = "; ".join(differences)
    advice = f"make it anew: {stored.update_command}"
    if new.protocol.name != key.protocol:
        advice = f"save another reference: {save_command(stored.folder, '')}"
    raise NotComparable(
        f"{stored.folder}: {key.name} on {new.protocol.name} cannot be compared with its "
        f"reference: expected the same data, episodes and protocol, got {listed}. Go "
        f"back to those of the reference, or {advice}",
        differences,
    )


def _differences(new: RunResult, stored: StoredReference) -> Iterator[str]:
    reference = stored.reference
    if new.protocol.sha256 != reference.key.protocol_sha256:
        yield from _in_protocol(new, stored)
        return
    if new.data_fingerprint != reference.data_fingerprint:
        yield _other("data", reference.data_fingerprint, new.data_fingerprint)
    if new.episodes_fingerprint != reference.episodes_fingerprint:
        yield _other(
            "episodes", reference.episodes_fingerprint, new.episodes_fingerprint
        )


def _in_protocol(new: RunResult, stored: StoredReference) -> Iterator[str]:
    """Yield the fields of the protocol that differ."""
    theirs = stored.result().protocol
    fields = [*EPISODE_FIELDS, "interval", "adaptation_steps", "transductive"]
    for name in dict.fromkeys(fields):
        there = getattr(theirs, name)
        here = getattr(new.protocol, name)
        if there != here:
            yield f"{name} {there} there, {here} here"


def _other(what: str, there: str, here: str) -> str:
    return f"{what} {there[:12]} there, {here[:12]} here"
