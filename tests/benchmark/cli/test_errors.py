"""Wrong input to the command line: a sentence and exit code 2, never a traceback."""

import json
from pathlib import Path

import pytest

CENTROID = ("evaluate", "centroid", "--protocol", "glyphs-5w1s")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("data", "build", "omnigolt"), "Did you mean 'omniglot'"),
        (("data", "build", "omniglot", "--source", "nowhere"), "got nothing"),
        (
            ("data", "build", "omniglot", "--resampling", "nearst"),
            "Did you mean 'nearest'",
        ),
        (("data", "verify", "omniglot"), "fewbench data build omniglot"),
        (
            ("data", "show", "glyphs", "--split", "dev", "--out", "x.png"),
            "train, val, test",
        ),
        (("protocol", "show", "glyphs-5w1"), "Did you mean 'glyphs-5w1s'"),
        (
            ("protocol", "export", "omniglot-5w1s", "--out", "x"),
            "fewbench data build omniglot",
        ),
        (
            ("train", "--recipe", "protonet-glyph", "--out", "x"),
            "Did you mean 'protonet-glyphs'",
        ),
        (
            ("train", "--recipe", "protonet-glyphs", "--set", "ways=3", "--out", "x"),
            "ways: ",
        ),
        (
            ("train", "--recipe", "protonet-glyphs", "--device", "tpu", "--out", "x"),
            "auto, cpu",
        ),
        (
            ("train", "--recipe", "protonet-omniglot", "--out", "x"),
            "data build omniglot",
        ),
        (
            ("train", "--recipe", "protonet-glyphs", "--set", "way=9999", "--out", "x"),
            "9999-way",
        ),
        (
            ("evaluate", "protonet", "--protocol", "glyphs-5w1s", "--out", "x"),
            "must be trained first: fewbench train",
        ),
        (
            ("train", "--recipe", "maml-glyphs", "--backend", "jax", "--out", "x"),
            "'native', 'lea",
        ),
        (
            (
                "train",
                "--recipe",
                "protonet-glyphs",
                "--backend",
                "higher",
                "--out",
                "x",
            ),
            "cannot run protonet",
        ),
        (
            ("train", "--recipe", "maml-glyphs", "--set", "val_way=6", "--out", "x"),
            "5 classes",
        ),
        ((*CENTROID, "--statistics", "image", "--out", "x"), "nothing can be set"),
        (("probe", "nowhere", "--protocol", "glyphs-5w1s"), "no such learner"),
        (
            ("evaluate", "centroid", "--protocol", "omniglot-5w1s", "--out", "x"),
            "data build",
        ),
        (("report", "empty", "--out", "x"), "no results in this folder"),
        (("data", "build", "glyphs", "--root", "/proc/nowhere"), "cannot write there"),
        ((*CENTROID, "--out", "file"), "expected a folder, got a file"),
        (
            (
                "evaluate",
                "centroid",
                "--protocol",
                "glyphs-5w1s",
                "--dataset",
                "glyph",
                "--out",
                "x",
            ),
            "'glyphs'",
        ),
        (("frobnicate",), "No such command"),
        (
            ("evaluate", "centriod", "--protocol", "glyphs-5w1s", "--out", "x"),
            "mean 'centroid'",
        ),
        (
            (*CENTROID, "--episodes", "9" * 30, "--out", "x"),
            "expected at most 1,000,000",
        ),
        (
            ("protocol", "export", "glyphs-5w1s", "--out", "file"),
            "file: exists already",
        ),
        (("train",), "Missing option"),
    ],
)
def test_a_users_mistake_gets_a_sentence_and_exit_code_2(
    run, arguments: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    done = run(*arguments, code=2)
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_a_page_in_place_of_an_archive_is_named(run, tmp_path: Path) -> None:
    (tmp_path / "images_background.zip").write_text(
        "<!DOCTYPE html><title>Quota</title>"
    )
    done = run("data", "build", "omniglot", "--source", ".", code=2)
    assert "web page in place of the archive" in done.stderr


def test_with_json_a_mistake_is_a_document_too(run) -> None:
    done = run(
        "evaluate",
        "centriod",
        "--protocol",
        "glyphs-5w1s",
        "--out",
        "r",
        "--json",
        code=2,
    )
    document = json.loads(done.stdout)
    assert done.stderr == f"error: {document['error']}\n"
    assert "Did you mean 'centroid'?" in document["error"]
