"""Say in what a result and the published number of its cell differ."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .data_standing import differences_in_data
from .groups import queries
from .pixels import differences_in_pixels
from .records import RunResult
from .remarks import is_unsteady

if TYPE_CHECKING:
    from .published import PublishedNumber, Rotations

_ROTATIONS_IN_WORDS = {
    "none": "not rotated",
    "classes": "rotations as classes",
    "tasks": "each class of an episode rotated at random",
}


def differences(result: RunResult, theirs: "PublishedNumber") -> tuple[str, ...]:
    """Return the settings in which a result and a published number of its cell differ.

    They are sentences about queries, transduction, width, classes and images.
    """
    return (*_in_protocol(result, theirs), *_in_data(result, theirs))


def _in_protocol(result: RunResult, theirs: "PublishedNumber") -> Iterator[str]:
    """Yield the differences in queries, transduction and width of the network."""
    n_query = result.protocol.n_query
    if theirs.query is None:
        yield "queries unstated"
    elif theirs.query != n_query:
        yield f"{queries(theirs.query)} a class, ours {n_query}"
    if theirs.transductive is None:
        yield "transductive or not is unstated"
    elif theirs.transductive and not result.transductive:
        yield "transductive, ours not"
    elif result.transductive and not theirs.transductive:
        yield "inductive, ours transductive"
    if theirs.network != result.backbone:
        yield f"width of the {theirs.network} unstated, ours {result.backbone}"


def _in_data(result: RunResult, theirs: "PublishedNumber") -> Iterator[str]:
    """Yield how a result and a published number differ in classes and images."""
    protocol = result.protocol
    if theirs.split != theirs.our_split:
        yield f"split {theirs.split}"
    ours = _rotations(result)
    if theirs.rotations is None:
        yield "rotations unstated"
    elif theirs.rotations != ours:
        words = _ROTATIONS_IN_WORDS[theirs.rotations]
        yield f"{words}, ours {_ROTATIONS_IN_WORDS[ours]}"
    if protocol.sampling != "independent":
        yield f"ours on {protocol.sampling} episodes"
    if result.partial:
        yield "ours on incomplete data"
    if result.image_changes:
        yield f"our images {result.image_changes}"
    if is_unsteady(result):
        yield "ours not repeatable"
    if protocol.dataset != theirs.dataset:
        yield f"ours on {protocol.dataset}"
    yield from differences_in_data(result)
    yield from differences_in_pixels(result, theirs)


def _rotations(result: RunResult) -> "Rotations":
    if result.protocol.task_rotations:
        return "tasks"
    if result.protocol.rotations:
        return "classes"
    return "none"
