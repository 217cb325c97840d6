"""Omniglot: its published split, its pixels, and sources that are refused."""

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fewbench.datasets import BUILDERS
from fewbench.datasets.build import Build, build
from fewbench.datasets.identity import Found
from fewbench.datasets.info import DataError, Request
from fewbench.datasets.omniglot import check_strays, recognise
from fewbench.datasets.splits import read_split
from fewbench.datasets.store.split_store import SplitStore
from fewbench_tests.commands import call_fewbench

# sha256 over the sorted `Alphabet/characterNN` lines of each split, as published.
VINYALS = {
    "train": "189c10b6479a07e808302b5f1ada00d995589557373e68ebe3e718780196ed0a",
    "val": "8b1baec8706cbc2c2f1d23874a30a50ac8f589502ea36e213c3c3cf14d30a189",
    "test": "af119b10f318ddb7afdf5108b360887823cf06da68d846c7e5de7286492976d7",
}
COUNTS = {"train": 1028, "val": 172, "test": 423}

VERIFY = ("data", "verify", "omniglot")


@pytest.fixture(scope="session")
def source(shared_data: Path) -> Path:
    return shared_data / "omniglot"


@pytest.fixture(scope="session")
def omniglot(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Built from the command line, which answers with its manifest."""
    root = tmp_path_factory.mktemp("omniglot")
    command = (
        "data",
        "build",
        "omniglot",
        "--source",
        str(source),
        "--root",
        str(root),
        "--json",
    )
    manifest = json.loads(call_fewbench(root, root, *command).stdout)
    assert not manifest["already_built"]
    done = build(BUILDERS["omniglot"], root, Request(source))
    assert manifest["splits"] == done.manifest["splits"]
    verified = json.loads(
        call_fewbench(root, root, *VERIFY, "--root", str(root), "--json").stdout
    )
    assert set(verified["content_sha256"]) == {"train", "val", "test"}
    return done


def png(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 2, (105, 105)).astype(bool)
    Image.fromarray(pixels).save(path)


@pytest.mark.parametrize("split", VINYALS)
def test_the_class_lists_are_the_published_ones(split: str) -> None:
    split_of = read_split("omniglot_vinyals")
    names = sorted(name for name, of in split_of.items() if of == split)
    assert len(names) == COUNTS[split]
    text = "".join(f"{name}\n" for name in names)
    assert hashlib.sha256(text.encode()).hexdigest() == VINYALS[split]


def test_gurmukhi_is_the_one_alphabet_in_two_splits() -> None:
    where: dict[str, set[str]] = {}
    for name, split in read_split("omniglot_vinyals").items():
        where.setdefault(name.split("/")[0], set()).add(split)
    assert [alphabet for alphabet, splits in where.items() if len(splits) > 1] == [
        "Gurmukhi"
    ]


def test_the_build_has_the_published_counts_and_the_reference_content(
    omniglot: Build,
) -> None:
    splits = omniglot.manifest["splits"]
    assert {split: counts["n_classes"] for split, counts in splits.items()} == COUNTS
    assert sum(counts["n_images"] for counts in splits.values()) == 32_460
    fingerprints = {split: counts["content_sha256"] for split, counts in splits.items()}
    assert fingerprints == BUILDERS["omniglot"].reference_sha256


def test_the_build_says_what_was_checked(omniglot: Build) -> None:
    checks = "\n".join(omniglot.manifest["checks"])
    assert "images_background.zip: archive md5 is" in checks
    assert "the pixels of all 19280 images are the official ones" in checks
    assert "the pixels of all 13180 images are the official ones" in checks


def test_ink_is_bright_on_black(omniglot: Build) -> None:
    images = SplitStore(omniglot.folder / "test.h5").images
    assert images[:, 0].mean() < 10  # the margin is paper
    assert 10 < images.mean() < 60  # strokes cover a small part
    assert images.max() == 255


def test_an_empty_folder_names_the_file_and_its_address(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"expected images_background\.zip or .*https://github"
    ):
        build(BUILDERS["omniglot"], tmp_path / "root", Request(tmp_path))


def test_a_class_with_a_missing_drawing_is_named(tmp_path: Path) -> None:
    for i in range(19):
        png(tmp_path / f"images_background/Greek/character01/0001_{i + 1:02d}.png")
    with pytest.raises(
        DataError, match="class Greek/character01: expected 20 images, got 19"
    ):
        build(BUILDERS["omniglot"], tmp_path / "root", Request(tmp_path))


def test_other_images_in_the_same_layout_are_refused(tmp_path: Path) -> None:
    for i in range(20):
        png(tmp_path / f"images_background/Greek/character01/0001_{i + 1:02d}.png", i)
    with pytest.raises(
        DataError, match="the images_background pixels are not Omniglot's"
    ):
        build(BUILDERS["omniglot"], tmp_path / "root", Request(tmp_path))


def test_a_page_or_a_truncated_zip_is_recognised(tmp_path: Path) -> None:
    archive = tmp_path / "images_background.zip"
    archive.write_text("<!doctype html><title>Sign in</title>")
    with pytest.raises(DataError, match="web page in place of the archive"):
        build(BUILDERS["omniglot"], tmp_path / "root", Request(tmp_path))

    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("images_background/a.png", b"x" * 1000)
    archive.write_bytes(archive.read_bytes()[:-40])
    with pytest.raises(DataError, match="truncated zip"):
        build(BUILDERS["omniglot"], tmp_path / "root", Request(tmp_path))


def test_a_zip_of_something_else_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "images_background.zip", "w") as file:
        file.writestr("holiday/beach.png", b"")
    with pytest.raises(DataError, match=r"expected images_background/<Alphabet>"):
        build(BUILDERS["omniglot"], tmp_path / "root", Request(tmp_path))


def found(kind: str, n_characters: int = 0, content: tuple[str, ...] = ()) -> Found:
    names = [f"Greek{c // 90}/character{c % 90:02d}" for c in range(n_characters)]
    images = [f"set/{name}/0001_01.png" for name in names]
    return Found(kind, "my data", [*images, *content])


@pytest.mark.parametrize(
    ("one", "advice"),
    [
        (found("images", 1623), "fewbench data build omniglot --source 'my data'"),
        (
            found("images", 964),
            "fewbench data build omniglot --source 'my data' --allow-missing",
        ),
        (found("images", 24), "build it from whole sets of 964 or 659 characters."),
        (
            found("archives", 0, ("a/images_background.zip", "images_evaluation.zip")),
            "fewbench data build omniglot --source 'my data'",
        ),
        (
            found("archives", 0, ("images_background.zip",)),
            "fewbench data build omniglot --source 'my data' --allow-missing",
        ),
    ],
)
def test_the_advice_is_a_command_that_builds_what_is_there(
    one: Found, advice: str
) -> None:
    identity = recognise(one)
    assert identity is not None
    assert identity.dataset == "omniglot"
    assert identity.advice.startswith(advice)


def test_other_files_are_not_omniglot() -> None:
    assert recognise(found("archives", 0, ("train.zip",))) is None
    assert recognise(found("csv")) is None


def test_stray_copies_are_named() -> None:
    names = ["Greek/character01/0001_01.png", "Greek/character01/0001_01 (1).png"]
    assert check_strays(names[:1]) == []
    assert check_strays(names) == [
        f"1 image with another name left out, such as {names[1]}"
    ]
