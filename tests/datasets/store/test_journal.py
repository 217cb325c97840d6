"""What the journal of an unfinished build remembers."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fewbench.datasets.images.origins import NO_JPEG, Origin, Origins
from fewbench.datasets.info import ClassImages, Listing
from fewbench.datasets.store.journal import Journal, outline_of
from fewbench_tests.bars import BARS

OUTLINE = "0" * 64


def filled(folder: Path) -> Journal:
    journal = Journal.resume(folder, OUTLINE)
    journal.frame("train", "f")
    journal.add("train", "a", "1")
    journal.add("test", "b", "2")
    return journal


def test_a_journal_resumes_where_it_ended(tmp_path: Path) -> None:
    filled(tmp_path / "x")
    again = Journal.resume(tmp_path / "x", OUTLINE)
    assert again.finished == {("train", "a"): "1", ("test", "b"): "2"}
    assert again.frames == {"train": "f"}


def test_the_file_is_as_it_always_was(tmp_path: Path) -> None:
    """A build that an older fewbench began must still be resumed."""
    filled(tmp_path / "x")
    lines = (tmp_path / "x" / "journal.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"plan": OUTLINE},
        ["train", "", "f"],
        ["train", "a", "1"],
        ["test", "b", "2"],
    ]


def test_a_line_that_was_cut_off_does_not_count(tmp_path: Path) -> None:
    filled(tmp_path / "x")
    path = tmp_path / "x" / "journal.jsonl"
    path.write_text(path.read_text()[:-1])
    again = Journal.resume(tmp_path / "x", OUTLINE)
    assert list(again.finished) == [("train", "a")]
    again.add("test", "b", "3")
    again = Journal.resume(tmp_path / "x", OUTLINE)
    assert again.finished["test", "b"] == "3"


def test_what_the_image_files_were_like_is_remembered(tmp_path: Path) -> None:
    journal = filled(tmp_path / "x")
    for name in ("c", "d"):
        origins = Origins()
        origins.add([Origin("84 x 84"), Origin("500 x 375", "L", True)])
        journal.add("train", name, "3", origins)
    again = Journal.resume(tmp_path / "x", OUTLINE)
    assert again.origins_of("train").document() == {
        "sizes": {"84 x 84": 2, "500 x 375": 2},
        "converted": {"L": 2},
        "turned": 2,
        "jpegs": {NO_JPEG: 4},
        "earlier": {},
        "upright": 0,
        "on_white": 0,
    }
    assert not again.origins_of("test")
    again.forget("train")
    assert not Journal.resume(tmp_path / "x", OUTLINE).origins_of("train")


def test_another_outline_empties_the_folder(tmp_path: Path) -> None:
    filled(tmp_path / "x")
    (tmp_path / "x" / "train.h5").write_text("old")
    again = Journal.resume(tmp_path / "x", "1" * 64)
    assert not again.finished
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["journal.jsonl"]


@pytest.mark.parametrize(
    "text", ["", "<html>", "[]\n", f'{{"plan": "{OUTLINE}"}}\n[1]\n', "null\n\n"]
)
def test_a_damaged_journal_starts_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "journal.jsonl").write_text(text)
    assert not Journal.resume(tmp_path / "x", OUTLINE).finished


def test_a_split_can_be_forgotten_and_the_journal_removed(tmp_path: Path) -> None:
    journal = filled(tmp_path / "x")
    journal.forget("train")
    again = Journal.resume(tmp_path / "x", OUTLINE)
    assert (list(again.finished), again.frames) == ([("test", "b")], {})
    Journal.close(tmp_path / "x")
    Journal.close(tmp_path / "x")
    assert not list((tmp_path / "x").iterdir())


def test_the_outline_changes_with_whatever_decides_the_result() -> None:
    def unread() -> None:
        raise AssertionError("read")

    one = ClassImages("test", "a", ("1",), unread, "kind")  # pyright: ignore[reportArgumentType]
    listing = Listing((one,), layout="folders", resampling="box", stamp="s")
    outlines = {
        outline_of(BARS, listing),
        outline_of(replace(BARS, name="other"), listing),
        outline_of(replace(BARS, image_shape=(1, 1, 1)), listing),
        outline_of(BARS, replace(listing, layout="tar")),
        outline_of(BARS, replace(listing, resampling="lanczos")),
        outline_of(BARS, replace(listing, stamp="t")),
        outline_of(BARS, replace(listing, partial=True)),
        outline_of(BARS, replace(listing, classes=(replace(one, split="val"),))),
        outline_of(BARS, replace(listing, classes=(replace(one, image_names=("2",)),))),
        outline_of(BARS, replace(listing, classes=(replace(one, category=""),))),
    }
    assert len(outlines) == 10
    assert outline_of(BARS, replace(listing, checks=("seen",))) in outlines
