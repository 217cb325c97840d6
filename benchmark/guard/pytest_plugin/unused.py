"""Find the references that no test uses."""

from collections.abc import Collection, Iterator
from pathlib import Path

from fewbench.errors import UserError

from ..references.reference_folder import ReferenceFolder, StoredReference
from .collected import Collected


def references_of(folder: str) -> list[StoredReference]:
    """Return the references of a set; [] if one cannot be read, which its check will say."""
    try:
        return ReferenceFolder(Path(folder)).all()
    except (UserError, OSError):
        return []


def unused_references(
    collected: Collected,
    used: Collection[tuple[str, str, str]],
    passed: Collection[str],
) -> Iterator[StoredReference]:
    """Return the references that belong to these tests, but that none of them used.

    A reference counts only if its test file was collected as a whole, and if its test
    passed or does not exist any more.

    used: folder, name and protocol of the references that were used
    passed: the ids of the tests that passed
    """
    tests = {(place.folder, place.key): place.test for place in collected.places}
    for folder in sorted({place.folder for place in collected.places}):
        for stored in references_of(folder):
            key = stored.reference.key
            test = stored.reference.test
            if not test or (folder, key.name, key.protocol) in used:
                continue
            file = Path(folder).parent.parent / test.partition("::")[0]
            is_whole = str(file) in collected.whole_files or not file.exists()
            has_run = tests.get((folder, test), "") in {"", *passed}
            if is_whole and has_run:
                yield stored
