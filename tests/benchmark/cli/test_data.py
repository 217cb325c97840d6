"""The data commands as a user meets them: wrong sources, partial builds, conversions."""

import json
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from fewbench.datasets.tieredimagenet import ren_split
from fewbench_tests import imagenet_archives as world
from fewbench_tests.commands import run_fewbench

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def run(home: Path) -> Run:
    return partial(run_fewbench, home, home / "data")


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


@pytest.fixture(scope="module")
def partial_build(home: Path, run: Run) -> dict:
    """Six test classes of tieredImageNet with 17 pictures each: the manifest of the build."""
    source = home / "pictures"
    wnids = [w for w, (split, _, _) in ren_split().classes.items() if split == "test"][
        :6
    ]
    for wnid in wnids:
        (source / wnid).mkdir(parents=True)
        for k in range(17):
            (source / wnid / f"{wnid}_{k}.JPEG").write_bytes(
                world.jpeg(wnid, k, side=64)
            )
    command = ("data", "build", "tieredimagenet", "--source", "pictures")
    refused = run(*command, code=2).stderr
    assert "expected 1153 to 1300 images as in ILSVRC2012, found 17" in refused
    assert "--allow-missing" in refused
    return json.loads(run(*command, "--allow-missing", "--json").stdout)


def test_a_partial_build_says_so_everywhere(
    partial_build: dict, run: Run, home: Path
) -> None:
    assert partial_build["partial"]
    assert "partial" in run("data", "list").stdout
    assert "PARTIAL" in run("data", "info", "tieredimagenet").stdout
    again = run(
        "data", "build", "tieredimagenet", "--source", "pictures", code=2
    ).stderr
    assert "holds a partial build" in again

    evaluate = (
        "evaluate",
        "centroid",
        "--protocol",
        "tieredimagenet-5w1s",
        "--episodes",
        "20",
    )
    run(*evaluate, "--out", "results")
    result = json.loads(next((home / "results").glob("*.json")).read_text())
    assert result["partial"] is True
    run("report", "results", "--out", "report")
    assert " ‡ |" in (home / "report" / "results.md").read_text(encoding="utf-8")
    for name in ("results.md", "results.tex", "index.html"):
        assert "partial" in (home / "report" / name).read_text(encoding="utf-8")


def test_verify_show_convert_and_audit_work_on_it(
    partial_build: dict, run: Run, home: Path
) -> None:
    assert "as recorded" in run("data", "verify", "tieredimagenet", "--quick").stdout
    run("data", "show", "tieredimagenet", "--out", "sheet.png")
    assert size_of(home / "sheet.png")[0] > 500
    run("data", "convert", "tieredimagenet", "--to", "images", "--out", "converted")
    found = json.loads(run("data", "identify", "converted", "--json").stdout)["found"]
    assert found["102 pictures or inner tars"]["dataset"] == "tieredimagenet"
    assert (
        "already"
        not in run(
            "data", "convert", "tieredimagenet", "--to", "cache", "--out", "c"
        ).stdout
    )
    refused = run(
        "data", "convert", "tieredimagenet", "--to", "cash", "--out", "d", code=2
    ).stderr
    assert "Did you mean 'cache'?" in refused
    audit = json.loads(run("data", "audit", "tieredimagenet", "--json").stdout)
    assert (audit["n_images"], audit["duplicates"]) == (102, [])


def test_the_class_lists_are_audited_without_any_build(run: Run) -> None:
    text = run("data", "audit").stdout
    assert (
        "miniimagenet/test and tieredimagenet/train share 5 classes: n02129165" in text
    )


def test_filters_are_shown_side_by_side(
    partial_build: dict, run: Run, home: Path
) -> None:
    run("data", "filters", "pictures", "--out", "filters.png", "--count", "3")
    assert size_of(home / "filters.png")[1] > 3 * 84
    (home / "empty").mkdir()
    assert (
        "holds no JPEG or PNG"
        in run("data", "filters", "empty", "--out", "x.png", code=2).stderr
    )


def test_what_cannot_be_downloaded_says_how_to_get_it(run: Run) -> None:
    text = run("data", "build", "miniimagenet", "--offline", code=2).stderr
    assert "mini-imagenet-cache-train.pkl" in text
    assert "fewbench data build miniimagenet --source" in text
    text = run(
        "data", "build", "tieredimagenet", "--resampling", "lanczos", code=2
    ).stderr
    assert "image-net.org" in text
    assert "fewbench data build tieredimagenet-lanczos --source" in text


def test_finished_pixels_cannot_be_resampled(run: Run, home: Path) -> None:
    source = home / "groups"
    source.mkdir()
    world.write_tiered_groups(source)
    command = (
        "data",
        "build",
        "tieredimagenet",
        "--allow-missing",
        "--source",
        "groups",
    )
    text = run(*command, "--resampling", "lanczos", code=2).stderr
    assert "which cannot be resampled by lanczos" in text


@pytest.mark.parametrize(
    "command", ["identify", "convert", "audit", "filters", "verify"]
)
def test_every_command_has_help(run: Run, command: str) -> None:
    assert "Usage: fewbench data" in run("data", command, "--help").stdout
