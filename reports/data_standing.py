"""Say whether a result was scored on the reference build of its dataset."""

from collections.abc import Iterator

from .records import RunResult


def data_note(result: RunResult) -> str:
    """Return what a reader must know about the images of a result; "" if nothing.

    A reference build is the build whose content hash comes with fewbench.
    """
    dataset = result.protocol.dataset
    if result.data_standing == "other":
        return f"other images than the reference build of {dataset}"
    if result.data_standing == "own":
        return (
            f"own images: {dataset} is a dataset that a user made, not a published one"
        )
    if result.data_standing == "no reference":
        return f"images not compared: no reference build of {dataset} is known"
    return ""


def differences_in_data(result: RunResult) -> Iterator[str]:
    """Yield in what the images of a result may differ from those of a published number."""
    note = data_note(result)
    if note:
        yield f"ours: {note}"
