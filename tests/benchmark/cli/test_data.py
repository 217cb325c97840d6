"""The data commands as a user meets them: wrong sources, partial builds, damaged files."""

import json
from pathlib import Path

import pytest

from fewbench.datasets.store.split_file import pixels_offset
from fewbench_tests import imagenet_archives as world


def test_data_commands_on_the_embedded_default(run, tmp_path: Path) -> None:
    run("data", "build", "glyphs")
    assert "already built" in run("data", "build", "glyphs").stdout
    assert "every byte read again" in run("data", "verify", "glyphs").stdout
    listed = json.loads(run("data", "list", "--json").stdout)["datasets"]
    assert listed["glyphs"]["built"]
    assert not listed["omniglot"]["built"]
    assert (
        json.loads(run("data", "info", "glyphs", "--json").stdout)["build"]["partial"]
        is False
    )
    refused = run("data", "show", "glyphs", "--out", "sheets/grid.png", code=2)
    assert "Make it: mkdir -p sheets" in refused.stderr
    (tmp_path / "sheets").mkdir()
    run("data", "show", "glyphs", "--out", "sheets/grid.png")
    assert (tmp_path / "sheets" / "grid.png").read_bytes().startswith(b"\x89PNG")


def test_several_datasets_are_built_one_after_the_other(run) -> None:
    done = run("data", "build", "glyphs", "glyphs", "--root", "two", "--json")
    assert list(json.loads(done.stdout)["datasets"]) == ["glyphs"]
    wrong = run("data", "build", "glyphs", "omnigolt", "--root", "none", code=2)
    assert "'omniglot'" in wrong.stderr
    assert wrong.stdout == ""  # no name is built if one is wrong
    failed = run("data", "build", "glyphs", "omniglot", "--offline", code=2)
    assert failed.stdout.startswith("glyphs: ")


def test_a_source_belongs_to_one_dataset(run) -> None:
    both = ("data", "build", "glyphs", "omniglot", "--source", "a b")
    error = run(*both, code=2).stderr
    assert "expected one NAME, got glyphs, omniglot" in error
    assert "fewbench data build glyphs --source 'a b'" in error


def test_a_damaged_build_fails_verification_with_exit_code_1(
    run, tmp_path: Path
) -> None:
    run("data", "build", "glyphs", "--root", "data")
    path = tmp_path / "data" / "glyphs" / "test.h5"
    content = bytearray(path.read_bytes())
    content[pixels_offset(path) + 1000] ^= 1
    path.write_bytes(content)
    done = run("data", "verify", "glyphs", "--root", "data", code=1)
    assert "does not match its recorded hash" in done.stderr


@pytest.mark.usefixtures("unrendered")
def test_a_partial_build_says_so_everywhere(
    partial_build,
) -> None:
    home, run, manifest = partial_build
    assert manifest["partial"]
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
    assert result["content"]["header"]["partial"] is True
    run("report", "results", "--out", "report")
    assert " ‡ |" in (home / "report" / "results.md").read_text(encoding="utf-8")
    for name in ("results.md", "results.tex", "index.html"):
        assert "partial" in (home / "report" / name).read_text(encoding="utf-8")


def test_a_partial_build_is_verified_and_shown(partial_build) -> None:
    folder, run, _ = partial_build
    assert "as recorded" in run("data", "verify", "tieredimagenet", "--quick").stdout
    run("data", "show", "tieredimagenet", "--out", "sheet.png")
    assert (folder / "sheet.png").read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_downloaded_says_how_to_get_it(run) -> None:
    text = run("data", "build", "miniimagenet", "--offline", code=2).stderr
    assert "mini-imagenet-cache-train.pkl" in text
    assert "fewbench data build miniimagenet --source" in text
    text = run(
        "data", "build", "tieredimagenet", "--resampling", "lanczos", code=2
    ).stderr
    assert "image-net.org" in text
    assert "fewbench data build tieredimagenet-lanczos --source" in text


def test_finished_pixels_cannot_be_resampled(run, tmp_path: Path) -> None:
    source = tmp_path / "groups"
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
    assert "cannot be resampled by lanczos" in text


def test_the_list_counts_what_is_built_and_says_what_is_missing(
    run, tmp_path: Path
) -> None:
    missing = run("data", "list", "--root", "nowhere").stdout
    assert missing.splitlines()[-1].startswith("nowhere (there is no such folder yet")
    document = json.loads(run("data", "list", "--root", "nowhere", "--json").stdout)
    assert document["exists"] is False
    run("data", "build", "glyphs", "--root", "data")
    n_bytes = sum(path.stat().st_size for path in tmp_path.glob("data/glyphs/*.h5"))
    document = json.loads(run("data", "list", "--root", "data", "--json").stdout)
    assert document["exists"] is True
    assert document["datasets"]["glyphs"]["bytes"] == n_bytes
    assert f"{n_bytes / 1e6:.1f} MB" in run("data", "list", "--root", "data").stdout
