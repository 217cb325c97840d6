"""Find the references that no test uses, or that nobody can use."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from fewbench.errors import UserError

from ..references.reference_folder import (
    ReferenceFolder,
    StoredReference,
    stored_at,
)
from .collected import Collected


def references_of(folder: str) -> list[StoredReference]:
    """Return the references of a set that can be read."""
    found = []
    for place in ReferenceFolder(Path(folder)).folders():
        with suppress(UserError, OSError):
            found.append(stored_at(place))
    return found


def count_references(folders: Iterable[str]) -> Counter[tuple[str, str]]:
    """Return how many references each test has in some sets: (folder, test) -> number."""
    found: Counter[tuple[str, str]] = Counter()
    for folder in folders:
        for stored in references_of(folder):
            found[folder, stored.reference.test] += 1
    return found


def damaged_references(
    collected: Collected, used: Collection[tuple[str, str, str]]
) -> Iterator[str]:
    """Return why references cannot be read that no check asked for. A check says it itself.

    used: see `unused_references`
    """
    asked = set()
    for folder, name, protocol in used:
        asked.add(ReferenceFolder(Path(folder)).place_of(name, protocol))
    for folder in sorted({place.folder for place in collected.places}):
        for place in ReferenceFolder(Path(folder)).folders():
            if place in asked:
                continue
            try:
                stored_at(place)
            except (UserError, OSError) as error:
                yield str(error)


def stopped_references(
    collected: Collected,
    used: Collection[tuple[str, str, str]],
    failed: Collection[str],
) -> Iterator[StoredReference]:
    """Return the references that were not used, since their test failed before.

    used: see `unused_references`
    failed: the ids of the tests that failed
    """
    tests = {(place.folder, place.key): place.test for place in collected.places}
    for folder in sorted({place.folder for place in collected.places}):
        for stored in references_of(folder):
            key = stored.reference.key
            test = tests.get((folder, stored.reference.test), "")
            if test in failed and (folder, key.name, key.protocol) not in used:
                yield stored


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
    known = [*collected.places, *collected.others]
    tests = {(place.folder, place.key): place.test for place in known}
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
