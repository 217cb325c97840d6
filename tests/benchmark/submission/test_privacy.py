"""Paths of somebody's machine do not travel along, and nothing else is changed."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fewbench.benchmark.submission.privacy import (
    cleaned,
    private_paths,
    private_texts,
    scrubbed,
    without_paths,
)
from fewbench.reports.origin import ImagePreparation, Segment, Weights
from fewbench_tests.honest_results import build_honest

# The home of the administrator, which lies in no folder of homes.
ROOT_HOME = "/" + "root"
PRIVATE = {
    "/home/kim/data/x.npz": "x.npz",
    "/home/kim": "PATH",
    "/home/kim/": "PATH",
    "/Users/kim": "PATH",
    "/export/home/kim": "PATH",
    "/scratch/kim": "PATH",
    ROOT_HOME: "PATH",
    f"{ROOT_HOME}/run1/last.safetensors": "last.safetensors",
    "file:///home/kim": "PATH",
    "file://host/home/kim/x.npz": "x.npz",
    "~/runs/a": "a",
    "~kim/runs": "runs",
    r"C:\Users\Kim": "PATH",
    r"C:\Users\Kim\run 1".replace(" ", "-"): "run-1",
    "C:/Users/Kim/data.h5": "data.h5",
    r"\\server\share\kim\x.npz": "x.npz",
    "--root /home/kim/data --out results": "--root data --out results",
    "--root=/home/kim/data": "--root=data",
    "host:/home/kim/data": "host:data",
    "PATH=/usr/bin:/home/kim/bin": "PATH=PATH:bin",
    "evaluate '/home/kim lee/my runs/a b.npz' --out c": "evaluate 'a b.npz' --out c",
    '"/Users/kim/m" and /home/lee/n': '"m" and n',
    "https://example.org/a, /home/kim/b": "https://example.org/a, b",
}
LEFT_ALONE = [
    "https://www.example.org/~kim/cifar.html",
    "http://example.org:8080/a/b?c=/d/e",
    "s3://bucket/a/b",
    "images/s",
    "and/or",
    "1/2 of 3/4",
    "~1/3 of the images",
    "results/glyphs/seed0.json",
    "./a/b and ../a/b",
    "/tmp",
    "</div></p>",
    "5-way / 1-shot / 15 queries",
    "n/a",
    "a ~ b",
    "my_model:crop",
]


@pytest.mark.parametrize("text", PRIVATE)
def test_a_private_path_is_found_and_shortened(text: str) -> None:
    assert private_paths(text)
    assert without_paths(text) == PRIVATE[text]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_other_texts_are_left_alone(text: str) -> None:
    assert private_paths(text) == []
    assert without_paths(text) == text


WORDS = st.sampled_from(
    [
        "/home/kim",
        "/root",
        "~",
        "~kim",
        "file://",
        "https://",
        "C:",
        "kim",
        "x.npz",
        "1",
    ]
)
PIECES = st.one_of(WORDS, st.sampled_from(list("/\\:'\" .~=,-\n")), st.text(max_size=3))


@example(["'", "/home/kim", " ", "~", "/", "x.npz", "'"])
@given(st.lists(PIECES, max_size=12))
def test_what_is_left_holds_no_private_path(pieces: list[str]) -> None:
    text = "".join(pieces)

    left = without_paths(text)

    assert private_paths(left) == []
    assert without_paths(left) == left


USERS = st.from_regex(r"[a-z][a-z0-9_-]{3,9}", fullmatch=True)
HOMES = ["/home/", "/Users/", "C:\\Users\\", "~", f"{ROOT_HOME}/"]


@settings(max_examples=40)
@given(USERS, st.sampled_from(HOMES))
def test_no_user_name_is_left(user: str, home: str) -> None:
    separator = "\\" if "\\" in home else "/"
    path = f"{home}{user}{separator}runs{separator}seed0"

    assert user not in without_paths(f"--checkpoint {path} --seed 0").split("seed0")[0]
    assert "seed0" in without_paths(path)


def test_a_long_text_takes_no_long_time() -> None:
    for piece in ("a-", "/!", "'/a", "~a", "\\\\a", "a://", "/home/"):
        private_paths(piece * 20_000)


def test_a_result_travels_without_paths_and_machines() -> None:
    made = build_honest(n_episodes=3)
    mine = "/home/kim/x"
    result = replace(
        made,
        command=f"fewbench evaluate {mine} --protocol glyphs-5w1s",
        environment={"python": "3.12", "prefix": mine},
        recipe={"data": mine, "lr": 0.1},
        device=f"cpu of {mine}",
        backbone=f"from {mine}",
        weights=Weights(mine),
        preparation=ImagePreparation(transform=mine),
        segments=(Segment(0, 3, "kims-machine", 1.0),),
    )

    left = scrubbed(result)

    assert left.command == "fewbench evaluate x --protocol glyphs-5w1s"
    assert left.environment == {"python": "3.12", "prefix": "x"}
    assert left.recipe == {"data": "x", "lr": 0.1}
    assert left.segments == (Segment(0, 3, "", 1.0),)
    assert "kim" not in repr(left.header())
    assert (left.predictions == made.predictions).all()


def test_a_document_is_cleaned_and_searched() -> None:
    document: dict[str, Any] = {
        "a": ["/home/kim/x", 1],
        "b": {"c": "https://d.org/e", "/home/lee/y": None},
    }

    assert list(private_texts(document)) == [
        ("a.0", "/home/kim/x"),
        ("b", "/home/lee/y"),
    ]
    assert list(private_texts(cleaned(document))) == []
