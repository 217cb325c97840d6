"""A dataset of own images works in every command that takes a dataset."""

import json
from pathlib import Path

import pytest

from fewbench.baselines.recipe_files import load_recipe
from fewbench.benchmark.train import train_views
from fewbench.datasets.info import DataError
from fewbench_tests.commands import call_fewbench
from fewbench_tests.own_images import CLASSES, write_classes


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with own images, which are added as `mine@16`."""
    folder = tmp_path_factory.mktemp("home")
    write_classes(folder / "photos", dict.fromkeys(CLASSES, 4), suffix="jpg")
    run(folder, "data", "add", "mine", "photos", "--size", "16")
    return folder


def run(home: Path, *arguments: str, code: int = 0):
    return call_fewbench(home, home / "data", *arguments, code=code)


def test_the_answer_says_where_classes_went_and_what_to_type_next(home: Path) -> None:
    again = ("data", "add", "mine", "photos", "--size", "16", "--rebuild")
    said = run(home, *again).stdout.splitlines()
    assert "  checked: val classes: cow, ram" in said
    assert "  checked: no image looks the same in train and test" in said
    assert said[-2] == "protocols: mine@16-4w1s, mine@16-4w5s"
    command = (
        "fewbench evaluate centroid --protocol mine@16-4w1s --out results --query 3"
    )
    assert said[-1] == f"next: {command}"
    run(home, *command.split()[1:], "--episodes", "20")
    document = json.loads(run(home, *again, "--json").stdout)
    assert document["classes"]["test"] == ["dog", "hen", "pig", "yak"]
    assert document["protocols"] == ["mine@16-4w1s", "mine@16-4w5s"]


def test_lists_show_it_as_own_images(home: Path) -> None:
    assert "mine@16" in run(home, "data", "list").stdout
    document = json.loads(run(home, "data", "list", "--json").stdout)
    assert document["datasets"]["mine@16"] == {
        "built": True,
        "partial": False,
        "own_images": True,
        "classes": {"train": 6, "val": 2, "test": 4},
        "images": 48,
        "bytes": document["datasets"]["mine@16"]["bytes"],
        "title": "mine, your own images, 16 px",
    }
    own = json.loads(run(home, "protocol", "list", "--kind", "added", "--json").stdout)
    assert own["mine@16-4w1s"]["dataset"] == "mine@16"
    assert "added" in run(home, "protocol", "show", "mine@16-4w1s").stdout
    assert "your own images" in run(home, "data", "info", "mine@16").stdout


def test_every_command_finds_it(home: Path) -> None:
    assert "content as recorded" in run(home, "data", "verify", "mine@16").stdout
    run(home, "data", "show", "mine@16", "--out", "sheet.png")
    assert "split of mine@16" in run(home, "data", "identify", "data/mine@16").stdout
    assert "0 equal images" in run(home, "data", "audit", "mine@16").stdout
    run(home, "data", "convert", "mine@16", "--to", "images", "--out", "exported")
    export = ("--query", "2", "--episodes", "10", "--out", "episodes.npz")
    run(home, "protocol", "export", "mine@16-4w1s", *export)
    evaluated = run(
        home, "evaluate", "centroid", "--episodes", "episodes.npz", "--out", "listed"
    ).stdout
    assert "own images: mine@16 is a dataset that a user made" in evaluated
    assert "no check failed" in run(home, "verify", "listed").stdout
    # What was exported is a dataset of own images again, with the same pixels.
    run(home, "data", "add", "again", "exported", "--size", "16")
    pixels = [_pixels(home, name) for name in ("mine@16", "again@16")]
    assert pixels[0] == pixels[1]


def _pixels(home: Path, name: str) -> dict[str, str]:
    text = (home / "data" / name / "manifest.json").read_text()
    splits = json.loads(text)["splits"]
    return {split: facts["pixels_sha256"] for split, facts in splits.items()}


def test_two_sizes_lie_beside_each_other(home: Path) -> None:
    run(home, "data", "add", "mine", "photos", "--size", "20")
    listed = json.loads(run(home, "data", "list", "--json").stdout)["datasets"]
    assert {"mine@16", "mine@20"} <= listed.keys()
    assert listed["mine@16"]["classes"] == listed["mine@20"]["classes"]
    assert _pixels(home, "mine@16") != _pixels(home, "mine@20")


def test_changes_of_the_protocol_show_in_its_name(home: Path) -> None:
    run(
        home,
        *("evaluate", "centroid", "--protocol", "mine@16-4w1s", "--out", "changed"),
        *("--way", "2", "--query", "2", "--split", "val", "--episodes", "20"),
    )
    (path,) = (home / "changed").glob("*.json")
    assert path.name.startswith("mine@16-4w1s-val-2way-2query-20ep__")


def test_a_recipe_may_name_it(home: Path) -> None:
    config = load_recipe("protonet-glyphs", ["dataset=mine@16"])
    views = train_views(config, home / "data")
    assert views.train.class_names == ("bee", "cat", "elk", "fox", "owl", "rat")
    with pytest.raises(DataError, match="unknown dataset 'mine@16'"):
        train_views(config, home / "nothing")


def test_mistakes_are_answered_on_one_line(home: Path) -> None:
    again = ("data", "add", "mine@16", "photos")
    assert "exists already" in run(home, *again, code=2).stderr
    two = run(home, *again, "--size", "20", code=2).stderr
    assert "Leave out --size 20, or give the name without a size: mine" in two
    assert "'mine@16'" in run(home, "data", "info", "min", code=2).stderr
    unknown = run(
        home, "evaluate", "x", "--protocol", "mine@16-7w1s", "--out", "r", code=2
    )
    assert "Did you mean 'mine@16-4w1s'" in unknown.stderr
    missing = run(home, "data", "add", "other", "nowhere", code=2).stderr
    assert "nowhere" in missing
    assert len(missing.splitlines()) == 1
    assert (
        "data add mine@16 FOLDER"
        in run(home, "data", "build", "mine@16", "--rebuild", code=2).stderr
    )
