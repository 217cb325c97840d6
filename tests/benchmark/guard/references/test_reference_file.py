import json
from pathlib import Path

import pytest

from fewbench.benchmark.guard.references.reference_file import (
    read_reference,
    reference_text,
    save_command,
    update_command,
)
from fewbench.errors import UserError
from fewbench_tests.guarded import made, runs, store


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return store(tmp_path, made(), test="test_models.py::test_mine").folder / (
        "reference.json"
    )


def test_the_text_is_made_for_git(document: Path) -> None:
    text = document.read_text()
    reference = read_reference(document).reference

    assert text == reference_text(reference)
    assert text.endswith("}\n")
    loaded = json.loads(text)
    assert list(loaded) == sorted(loaded)
    assert loaded["summary"] == {"mean": f"{100 * reference.mean:.4f} %", "runs": "1"}


def test_references_of_several_runs_are_read_as_they_were_written(tmp_path) -> None:
    stored = store(tmp_path, *runs(4))

    assert (
        read_reference(stored.folder / "reference.json").reference == stored.reference
    )
    loaded = json.loads((stored.folder / "reference.json").read_text())
    assert stored.reference.spread is not None
    points = f"{100 * stored.reference.spread:.4f} points"
    assert loaded["summary"]["standard deviation"] == points


def _edit(path: Path, change) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one["runs"][0].update(n_correct=2999),
        lambda one: one["summary"].update(mean="99.0000 %"),
        lambda one: one["history"][0].update(reason="approved"),
        lambda one: one["machine"].update(threads=64),
        lambda one: one.pop("seal"),
        lambda one: one.update(unknown=1),
    ],
)
def test_an_edit_by_hand_is_refused_with_the_command(document, change) -> None:
    _edit(document, change)

    with pytest.raises(
        UserError, match="changed by hand after it was written"
    ) as error:
        read_reference(document)
    restore = f"git checkout -- {document}; or begin a new history: rm -r "
    assert f"{restore}{document.parent} && pytest" in str(error.value)
    assert str(error.value).endswith("test_models.py::test_mine --accuracy-save")


def test_a_newer_reference_asks_for_an_upgrade(document: Path) -> None:
    _edit(document, lambda one: one.update(schema_version=2))

    with pytest.raises(UserError, match="pip install --upgrade \\."):
        read_reference(document)


def test_cut_and_foreign_files_are_refused(document: Path) -> None:
    whole = document.read_bytes()
    damaged = [whole[:n] for n in range(0, len(whole) - 2, 97)]
    damaged += [b"[]", b"{}", b"\xff", b"<<<<<<< HEAD\n" + whole, b'{"format": 1}']
    for data in damaged:
        document.write_bytes(data)
        with pytest.raises(UserError, match="git checkout") as error:
            read_reference(document)
        assert "\n" not in str(error.value)
    document.unlink()
    with pytest.raises(UserError, match="cannot read the reference"):
        read_reference(document)


def test_commands_are_those_of_the_test_or_of_regress() -> None:
    folder = Path("my tests/accuracy/reference/mine__glyphs-5w1s")
    other = Path("tests/accuracy/gpu/mine__glyphs-5w1s")
    test = "test_a.py::test_b[x]"

    assert update_command(folder, test) == (
        "pytest 'my tests/test_a.py::test_b[x]' --accuracy-update --accuracy-reason "
        "'WHY IT MAY CHANGE'"
    )
    assert save_command(other, test) == (
        "pytest 'tests/test_a.py::test_b[x]' --accuracy-compare=gpu --accuracy-save"
    )
    assert update_command(folder, "").startswith(
        "fewbench regress RESULT --reference '"
    )
    assert save_command(folder, "").endswith("accuracy/reference' --save --name NAME")
