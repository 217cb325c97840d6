import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from fewbench.benchmark.guard.references import reference_folder
from fewbench.benchmark.guard.references.reference import Made
from fewbench.benchmark.guard.references.reference_folder import ReferenceFolder
from fewbench.errors import UserError
from fewbench_tests.guarded import made, store

NAME = "test_models.py::test_mine"


def the_set(place: Path) -> ReferenceFolder:
    return ReferenceFolder(place / "accuracy" / "reference")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_saved_reference_is_found_again(tmp_path: Path) -> None:
    stored = store(tmp_path, made())

    found = the_set(tmp_path).find(NAME, "glyphs-5w1s")

    assert found == stored
    assert the_set(tmp_path).all() == [stored]
    assert the_set(tmp_path).find(NAME, "glyphs-5w5s") is None
    assert the_set(tmp_path).find("other", "glyphs-5w1s") is None
    assert names_in(stored.folder.parent) == [stored.folder.name]
    assert len(names_in(stored.folder)) == 3


def test_two_names_never_share_a_folder() -> None:
    one_set = ReferenceFolder(Path("accuracy/reference"))
    names = [
        "a",
        "A",
        "a b",
        "a-b",
        "a_b",
        "a__b",
        "test.py::a[1]",
        "test.py::a[2]",
        "ä",
    ]
    places = {str(one_set.place_of(name, "glyphs-5w1s")).lower() for name in names}

    assert len(places) == len(names)


def test_nothing_is_replaced_without_a_reason(tmp_path: Path) -> None:
    first = store(tmp_path, made(rng_seed=1))
    new = Made(NAME, "same", [made(rng_seed=2)])

    with pytest.raises(UserError, match=r"already.*--update --reason"):
        the_set(tmp_path).save(new)
    with pytest.raises(UserError, match="only for a reason"):
        the_set(tmp_path).save(new, replace=True, reason=" ")
    assert the_set(tmp_path).all() == [first]

    second = the_set(tmp_path).save(new, replace=True, reason="better weights")

    assert second.reference.history[:1] == first.reference.history
    assert second.reference.history[1].reason == "better weights"
    assert second.sha256 != first.sha256
    assert the_set(tmp_path).all() == [second]
    assert names_in(second.folder.parent) == [second.folder.name]

    mine = second.folder / "thesis.tex"
    mine.write_text("mine")
    with pytest.raises(UserError, match=r"would be replaced.*got thesis\.tex"):
        the_set(tmp_path).save(new, replace=True, reason="again")
    assert mine.read_text() == "mine"
    assert the_set(tmp_path).all() == [second]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("{", "<<<<<<< HEAD\n{", "cannot read"),
        ('"reason": ""', '"reason": "approved"', "changed by hand"),
        ('"schema_version": 1', '"schema_version": 2', "newer fewbench"),
    ],
)
def test_a_reference_with_a_doubtful_history_is_not_replaced(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    """Its history would be lost, or sealed as if nobody had changed it."""
    path = store(tmp_path, made()).folder / "reference.json"
    edited = path.read_text().replace(old, new, 1)
    path.write_text(edited)
    other = Made(NAME, "same", [made(rng_seed=2)])

    with pytest.raises(UserError, match=problem):
        the_set(tmp_path).find(NAME, "glyphs-5w1s")
    with pytest.raises(UserError, match=problem):
        the_set(tmp_path).save(other, replace=True, reason="a merge went wrong")

    assert path.read_text() == edited
    assert names_in(path.parent.parent) == [path.parent.name]


def _try_to_save(place: Path, seed: int, told) -> None:
    try:
        store(place, made(rng_seed=seed))
        told.put("saved")
    except UserError as error:
        told.put(str(error))


def test_of_two_writers_one_is_refused(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    told = context.Queue()
    writers = [
        context.Process(target=_try_to_save, args=(tmp_path, k, told)) for k in (1, 2)
    ]
    for one in writers:
        one.start()
    answers = sorted(told.get(timeout=60) for _ in writers)
    for one in writers:
        one.join()

    assert "there is a reference of this name already" in answers[0]
    assert answers[1] == "saved"
    [stored] = the_set(tmp_path).all()
    assert stored.result().mean == stored.reference.mean


def _die_in(function: str, place: Path) -> None:
    """Replace the reference, and be killed where `function` would begin or end."""

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if function == "between two renames":

        def half(finished: Path, folder: Path) -> None:
            folder.rename(folder.with_name(f"{folder.name}.old.partial"))
            die()

        setattr(reference_folder, "replace_folder", half)  # noqa: B010
    else:
        setattr(reference_folder, function, die)
    new = Made(NAME, "same", [made(rng_seed=2)])
    the_set(place).save(new, replace=True, reason="why")


@pytest.mark.parametrize(
    "moment", ["write_files", "replace_folder", "between two renames"]
)
def test_a_killed_writer_leaves_the_old_reference(tmp_path: Path, moment: str) -> None:
    first = store(tmp_path, made(rng_seed=1))
    context = multiprocessing.get_context("fork")
    writer = context.Process(target=_die_in, args=(moment, tmp_path))
    writer.start()
    writer.join()

    assert writer.exitcode == -signal.SIGKILL
    found = the_set(tmp_path).find(NAME, "glyphs-5w1s")
    assert found is not None
    assert found == first
    assert found.result().mean == first.reference.mean
    new = Made(NAME, "same", [made(rng_seed=2)])
    second = the_set(tmp_path).save(new, replace=True, reason="again")
    assert the_set(tmp_path).all() == [second]
    assert names_in(second.folder.parent) == [second.folder.name]


def test_an_interrupted_save_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store(tmp_path, made(rng_seed=1))

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(reference_folder, "replace_folder", interrupt)
    new = Made(NAME, "same", [made(rng_seed=2)])
    with pytest.raises(KeyboardInterrupt):
        the_set(tmp_path).save(new, replace=True, reason="why")

    assert the_set(tmp_path).all() == [first]
    assert names_in(first.folder.parent) == [first.folder.name]
