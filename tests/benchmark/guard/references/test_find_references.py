import pytest

from fewbench.benchmark.guard.references.find_references import (
    find_references,
    only_named,
)
from fewbench.errors import UserError
from fewbench.reports.result_files import save_result
from fewbench_tests.guarded import made, store


def test_a_set_a_folder_and_a_file_are_found(tmp_path) -> None:
    one = store(tmp_path, made(), name="one")
    two = store(tmp_path, made(), name="two")

    assert find_references(one.folder.parent) == [one, two]
    assert find_references(two.folder) == [two]
    assert find_references(two.folder / "reference.json") == [two]


def test_a_result_serves_as_a_reference(tmp_path) -> None:
    result = made()
    path = save_result(result, tmp_path)

    [found] = find_references(path)

    assert found.reference.kind == "same"
    assert found.reference.mean == result.mean
    assert found.result().mean == result.mean
    assert found.update_command.endswith("--save --name NAME")


@pytest.mark.parametrize("path", [".", "nowhere"])
def test_nothing_is_refused_with_the_command_that_saves(tmp_path, path) -> None:
    with pytest.raises(UserError, match="--save --name NAME"):
        find_references(tmp_path / path)


def test_references_are_chosen_by_name(tmp_path) -> None:
    references = [store(tmp_path, made(), name=name) for name in ("one", "two")]

    assert only_named(references, None) == references
    assert only_named(references, "two") == references[1:]
    with pytest.raises(UserError, match="expected one of one, two, got three"):
        only_named(references, "three")
