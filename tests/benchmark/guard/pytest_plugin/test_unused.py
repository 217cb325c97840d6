"""References that no test uses are found, and others are not accused."""

from dataclasses import replace
from pathlib import Path

from fewbench.benchmark.guard.pytest_plugin.collected import Collected
from fewbench.benchmark.guard.pytest_plugin.place import Place
from fewbench.benchmark.guard.pytest_plugin.unused import (
    damaged_references,
    references_of,
    stopped_references,
    unused_references,
)
from fewbench_tests.guarded import made, store

FILE = "test_models.py"
GONE = f"{FILE}::test_gone"
KEPT = f"{FILE}::test_kept"


def folder_with(tmp_path: Path, *tests: str) -> str:
    """Return a set with a reference of each test."""
    (tmp_path / FILE).touch()
    for test in tests:
        store(tmp_path, made(), name=test, test=test)
    return str(tmp_path / "accuracy" / "reference")


def collected(folder: str, *keys: str, whole: bool = True) -> Collected:
    file = str(Path(folder).parents[1] / FILE)
    places = [Place(f"tests/{key}", key, file, 1, folder, "/") for key in keys]
    return Collected(places, [], [file] if whole else [])


def protocol_of(folder: str) -> str:
    return references_of(folder)[0].reference.key.protocol


def test_the_reference_of_a_test_that_is_gone(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, GONE, KEPT)
    found = collected(folder, KEPT)

    listed = list(
        unused_references(found, {(folder, KEPT, protocol_of(folder))}, set())
    )

    assert [stored.reference.key.name for stored in listed] == [GONE]


def test_a_file_that_was_not_collected_as_a_whole(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, GONE)

    assert not list(
        unused_references(collected(folder, KEPT, whole=False), set(), set())
    )


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, GONE)
    (tmp_path / FILE).unlink()
    elsewhere = collected(folder, KEPT, whole=False)
    other = [replace(place, file="/x/test_other.py") for place in elsewhere.places]

    assert len(list(unused_references(Collected(other), set(), set()))) == 1


def test_a_test_that_failed_or_was_skipped_is_not_accused(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, KEPT)
    found = collected(folder, KEPT)

    assert not list(unused_references(found, set(), set()))
    # It passed without its reference, so it asks for another protocol now.
    assert len(list(unused_references(found, set(), {f"tests/{KEPT}"}))) == 1


def test_a_test_that_asks_while_it_runs_is_not_gone(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, GONE)
    found = collected(folder, KEPT)
    found.others.extend(collected(folder, GONE).places)

    assert not list(unused_references(found, set(), set()))
    assert len(list(unused_references(found, set(), {f"tests/{GONE}"}))) == 1


def test_a_reference_that_no_test_made_is_left_alone(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    store(tmp_path, made(), name="by regress", test="")

    assert not list(unused_references(collected(folder, KEPT), set(), set()))


def test_a_damaged_reference_does_not_silence_the_others(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, KEPT, GONE, f"{FILE}::test_third")
    [path] = Path(folder).glob("*kept*/reference.json")
    path.write_text("{")
    found = collected(folder, KEPT)

    listed = list(unused_references(found, set(), set()))

    names = {stored.reference.key.name for stored in listed}
    assert names == {GONE, f"{FILE}::test_third"}
    assert len(references_of(folder)) == 2
    [words] = damaged_references(found, set())
    assert words.startswith(f"{path}: cannot read the reference")


def test_a_damaged_reference_is_left_to_its_check(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, KEPT)
    used = {(folder, KEPT, protocol_of(folder))}
    [path] = Path(folder).glob("*/reference.json")
    path.write_text("{")

    assert not list(damaged_references(collected(folder, KEPT), used))


def test_what_a_failed_test_did_not_use_was_not_measured(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, KEPT, GONE)
    found = collected(folder, KEPT)
    failed = {f"tests/{KEPT}"}

    [stored] = stopped_references(found, set(), failed)

    assert stored.reference.test == KEPT
    used = {(folder, KEPT, stored.reference.key.protocol)}
    assert not list(stopped_references(found, used, failed))
    assert not list(stopped_references(found, set(), set()))
