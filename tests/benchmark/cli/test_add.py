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
    """A folder with own images, which are added as `mine`."""
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
    assert said[-2] == "protocols: mine-4w1s, mine-4w5s"
    command = "fewbench evaluate centroid --protocol mine-4w1s --out results --query 3"
    assert said[-1] == f"next: {command}"
    run(home, *command.split()[1:], "--episodes", "20")
    document = json.loads(run(home, *again, "--json").stdout)
    assert document["classes"]["test"] == ["dog", "hen", "pig", "yak"]
    assert document["protocols"] == ["mine-4w1s", "mine-4w5s"]


def test_lists_show_it_as_own_images(home: Path) -> None:
    assert "mine" in run(home, "data", "list").stdout
    document = json.loads(run(home, "data", "list", "--json").stdout)
    assert document["datasets"]["mine"] == {
        "built": True,
        "partial": False,
        "own_images": True,
        "classes": {"train": 6, "val": 2, "test": 4},
        "images": 48,
        "bytes": document["datasets"]["mine"]["bytes"],
        "title": "mine, your own images, 16 px",
    }
    own = json.loads(run(home, "protocol", "list", "--kind", "added", "--json").stdout)
    assert own["mine-4w1s"]["dataset"] == "mine"
    assert "added" in run(home, "protocol", "show", "mine-4w1s").stdout
    assert "your own images" in run(home, "data", "info", "mine").stdout


def test_every_command_finds_it(home: Path) -> None:
    assert "content as recorded" in run(home, "data", "verify", "mine").stdout
    run(home, "data", "show", "mine", "--out", "sheet.png")
    assert "split of mine" in run(home, "data", "identify", "data/mine").stdout
    assert "0 equal images" in run(home, "data", "audit", "mine").stdout
    run(home, "data", "convert", "mine", "--to", "images", "--out", "exported")
    export = ("--query", "2", "--episodes", "10", "--out", "episodes.npz")
    run(home, "protocol", "export", "mine-4w1s", *export)
    evaluated = run(
        home, "evaluate", "centroid", "--episodes", "episodes.npz", "--out", "listed"
    ).stdout
    assert "own images: mine is a dataset that a user made" in evaluated
    assert "no check failed" in run(home, "verify", "listed").stdout
    # What was exported is a dataset of own images again, with the same pixels.
    run(home, "data", "add", "again", "exported", "--size", "16")
    pixels = [_pixels(home, name) for name in ("mine", "again")]
    assert pixels[0] == pixels[1]


def _pixels(home: Path, name: str) -> dict[str, str]:
    text = (home / "data" / name / "manifest.json").read_text()
    splits = json.loads(text)["splits"]
    return {split: facts["pixels_sha256"] for split, facts in splits.items()}


def test_changes_of_the_protocol_show_in_its_name(home: Path) -> None:
    run(
        home,
        *("evaluate", "centroid", "--protocol", "mine-4w1s", "--out", "changed"),
        *("--way", "2", "--query", "2", "--split", "val", "--episodes", "20"),
    )
    (path,) = (home / "changed").glob("*.json")
    assert path.name.startswith("mine-4w1s-val-2way-2query-20ep__")


def test_a_recipe_may_name_it(home: Path) -> None:
    config = load_recipe("protonet-glyphs", ["dataset=mine"])
    views = train_views(config, home / "data")
    assert views.train.class_names == ("bee", "cat", "elk", "fox", "owl", "rat")
    with pytest.raises(DataError, match="unknown dataset 'mine'"):
        train_views(config, home / "nothing")


def test_mistakes_are_answered_on_one_line(home: Path) -> None:
    refused = run(home, "data", "add", "mine", "photos", code=2).stderr
    assert "exists already" in refused
    assert "Did you mean 'mine'" in run(home, "data", "info", "min", code=2).stderr
    unknown = run(
        home, "evaluate", "x", "--protocol", "mine-7w1s", "--out", "r", code=2
    )
    assert "Did you mean 'mine-4w1s'" in unknown.stderr
    missing = run(home, "data", "add", "other", "nowhere", code=2).stderr
    assert "nowhere" in missing
    assert len(missing.splitlines()) == 1
    assert (
        "data add mine FOLDER"
        in run(home, "data", "build", "mine", "--rebuild", code=2).stderr
    )
