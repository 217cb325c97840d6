"""identify, convert, audit and filters as a user meets them."""

import json
from pathlib import Path

import pytest
from PIL import Image

from fewbench.benchmark.cli.sources import audit_text, known_text, read_some_images
from fewbench.datasets.info import DataError
from fewbench.datasets.inspection.audit import Audit, Overlap
from fewbench.datasets.inspection.equal_images import Duplicates
from fewbench_tests import imagenet_archives as world


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def test_a_build_is_converted_identified_and_audited(partial_build) -> None:
    _, run, _ = partial_build
    run("data", "convert", "tieredimagenet", "--to", "images", "--out", "converted")
    found = json.loads(run("data", "identify", "converted", "--json").stdout)["found"]
    (images,) = [one for name, one in found.items() if name.startswith("102 ")]
    assert images["dataset"] == "tieredimagenet"
    run("data", "convert", "tieredimagenet", "--to", "cache", "--out", "c")
    command = ("data", "convert", "tieredimagenet", "--to", "cash", "--out", "d")
    assert "Did you mean 'cache'?" in run(*command, code=2).stderr
    audit = json.loads(run("data", "audit", "tieredimagenet", "--json").stdout)
    assert (audit["n_images"], audit["duplicates"]) == (102, [])


@pytest.mark.parametrize("content", [b"hello", bytes(20), b"\xff\xd9\x01"])
def test_what_fewbench_does_not_know_ends_with_code_2(
    run, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "file").write_bytes(content)
    done = run("data", "identify", "file", code=2)
    assert "nothing that fewbench knows: a file that starts with" in done.stdout
    assert "b'" not in done.stdout
    document = json.loads(run("data", "identify", "file", "--json", code=2).stdout)
    assert list(document["found"]) == ["file"]


def test_the_class_lists_are_audited_without_any_build(run) -> None:
    text = run("data", "audit").stdout
    assert (
        "miniimagenet/test and tieredimagenet/train share 5 classes: n02129165" in text
    )


def test_filters_are_shown_side_by_side(
    partial_build,
) -> None:
    home, run, _ = partial_build
    run("data", "filters", "pictures", "--out", "filters.png", "--count", "3")
    assert size_of(home / "filters.png")[1] > 3 * 84
    nowhere = run("data", "filters", "pictures", "--out", "sheets/x.png", code=2)
    assert "expected the folder sheets, got no such folder" in nowhere.stderr
    (home / "empty").mkdir()
    assert (
        "expected JPEG or PNG images, found none"
        in run("data", "filters", "empty", "--out", "x.png", code=2).stderr
    )


def test_images_are_spread_evenly_over_their_names(tmp_path: Path) -> None:
    for k in range(6):
        (tmp_path / f"{k}.JPEG").write_bytes(world.jpeg("n01440764", k, side=40))
    (tmp_path / "notes.txt").write_text("no image")
    assert list(read_some_images(tmp_path, 3)) == ["0.JPEG", "2.JPEG", "4.JPEG"]
    assert len(read_some_images(tmp_path, 50)) == 6
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="expected JPEG or PNG images, found none"):
        read_some_images(tmp_path / "empty", 3)


def test_shared_classes_and_images_are_counted() -> None:
    found = Audit(
        1234,
        (Overlap("a/train", "b/test", ("n1", "n2")),),
        (Duplicates("a/train", "b/test", 3, (("x", "y"),)),),
    )
    assert audit_text(found, "1,234 images compared").splitlines() == [
        "a/train and b/test share 2 classes: n1, n2",
        "a/train and b/test: 3 images of equal pixels",
        "  x = y",
        "1,234 images compared: 1 overlaps, 3 equal images",
    ]


def test_only_what_is_known_is_printed() -> None:
    text = known_text({"a.pkl": {"what": "pickle", "dataset": ""}})
    assert text == "a.pkl\n  what        pickle"
