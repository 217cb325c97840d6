"""What is wrong with a command is said before its work begins, and what to type is true."""

import os
import shlex
from pathlib import Path

import pytest

from fewbench.benchmark.guard.references.reference_file import FILE_NAME
from fewbench_tests.commands import call_fewbench

GLYPHS = "--protocol glyphs-5w1s"
STEM = "glyphs-5w1s__centroid__seed0"
REHEARSE = "reproduce protonet-snell17-omni-5w1s --rehearse --out"
GRID = """
seeds = 1
[[part]]
recipes = ["protonet-glyphs"]
protocols = ["glyphs-5w1s"]
"""
RECIPE = "train --recipe protonet-glyphs --out run"

# What is typed, and words of the answer.
MISTAKES = [
    # Numbers that no computation can use.
    (f"evaluate centroid {GLYPHS} --seed {2**64} --out r", "--seed"),
    (f"protocol export glyphs-5w1s --seed {2**64} --out e.npz", "--seed"),
    (f"protocol show glyphs-5w1s --seed {2**64}", "--seed"),
    (f"{RECIPE} --set width=99999999", "less than or equal to 65536, got 99999999"),
    (f"{RECIPE} --set meta_batch_size=1000000000000", "meta_batch_size: expected"),
    (f"{RECIPE} --set lr=inf", "lr: expected"),
    (f"{RECIPE} --set lr=nan", "lr: expected"),
    ("train --recipe maml-glyphs --out run --set inner_lr=inf", "inner_lr: expected"),
    # The words are the project's, and a setting is no mistake in the file.
    (f"{RECIPE} --set stps=3", "--set stps=3: stps: expected a key of a recipe"),
    (f"{RECIPE} --set stps=3", "Did you mean 'steps'?"),
    (f"{RECIPE} --set steps=abc", "steps: expected a whole number, got 'abc'"),
    (f"{RECIPE} --set rotations=7", "rotations: expected true or false, got 7"),
    (f"{RECIPE} --set =3", "got no key"),
    # Options that contradict each other, or do nothing.
    (f"evaluate centroid {GLYPHS} --out r --overwrite --skip-existing", "got both"),
    (f"evaluate centroid {GLYPHS} --width 3 --out r", "Omit them\n"),
    # Levels, with an example of a level.
    ("plan r --level 5x", "Type for example 95%, or the same as a fraction: 0.95"),
    ("plan r --level 1e-300", "expected a level of 1% to 99.9999%"),
    ("plan r --level 99.999999999%", "expected a level of 1% to 99.9999%"),
    ("plan r --power x", "Type for example 80%"),
    ("plan r --half-width x", "Type for example 0.1%"),
    # Files of the user.
    ("data show glyphs --out notes.txt", "notes.txt: exists already"),
    ("data filters pictures --out notes.txt", "notes.txt: exists already"),
    ("protocol export glyphs-5w1s --out notes.txt", "notes.txt: exists already"),
    ("submission init --out notes.txt", "notes.txt: is there already"),
    ("data show glyphs --out pictures", "got a folder. Name a file in it"),
    # What lies where the work will write.
    (f"evaluate centroid {GLYPHS} --out r1", f"{STEM}.npz: expected a file or nothing"),
    (
        f"evaluate centroid {GLYPHS} --out r2",
        f"{STEM}.json: expected a file or nothing",
    ),
    (f"evaluate centroid {GLYPHS} --overwrite --out r2", "got a folder. Move it away"),
    (
        "grid run G.toml --out g1",
        "g1/results: expected a folder or nothing, got a file",
    ),
    ("grid run G.toml --out g2", "g2/locks: expected a folder or nothing, got a pipe"),
    ("grid run G.toml --out g4", "__protonet__seed0.npz: expected a file or nothing"),
    (f"{RECIPE}1", "run1/best.safetensors: expected a file or nothing, got a folder"),
    (
        "grid run G.toml --out g3",
        "g3/training: expected a folder or nothing, got a brok",
    ),
    (
        f"{REHEARSE} p1",
        "p1/reproduction.json: expected a file or nothing, got a folder",
    ),
    (f"{REHEARSE} p2", "p2/results/p__x__seed0.json: cannot read the result"),
    (f"{REHEARSE} p3", "p3/results: expected a folder or nothing, got a file"),
    (f"{REHEARSE} p4", "p4/seed-0: expected a folder or nothing, got a file"),
    # What lies at a path.
    ("verify references", "fewbench regress RESULT --reference references"),
    ("verify references/one", "got references"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file of the user, an empty file, and the shape of references."""
    (tmp_path / "notes.txt").write_text("precious")
    (tmp_path / "empty.bin").touch()
    (tmp_path / "pictures").mkdir()
    (tmp_path / "references" / "one").mkdir(parents=True)
    (tmp_path / "references" / "one" / FILE_NAME).write_text("{}")
    put_in_the_way(tmp_path)
    return tmp_path


def put_in_the_way(folder: Path) -> None:
    """Put something else where evaluations, grids and reproductions will write."""
    (folder / "G.toml").write_text(GRID)
    folders = [
        f"r1/{STEM}.npz",
        f"r2/{STEM}.json",
        "p1/reproduction.json",
        "g4/results/glyphs-5w1s__protonet__seed0.npz",
        "run1/best.safetensors",
    ]
    for path in folders:
        (folder / path).mkdir(parents=True)
    for path in (
        "g1/results",
        "p2/results/p__x__seed0.json",
        "p3/results",
        "p4/seed-0",
    ):
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_text("{")
    for path in ("g2", "g3"):
        (folder / path).mkdir()
    os.mkfifo(folder / "g2" / "locks")
    (folder / "g3" / "training").symlink_to("nowhere")


@pytest.mark.parametrize(("typed", "words"), MISTAKES)
def test_a_mistake_is_named_before_any_work(
    folder: Path, glyphs_root: Path, typed: str, words: str
) -> None:
    before = sorted(folder.rglob("*"))
    said = call_fewbench(folder, glyphs_root, *shlex.split(typed), code=2).stderr
    assert words in said
    assert "site-packages" not in said
    assert "Input should" not in said
    assert sorted(folder.rglob("*")) == before
    assert (folder / "notes.txt").read_text() == "precious"


def test_a_file_is_replaced_if_the_user_says_so(
    folder: Path, glyphs_root: Path
) -> None:
    typed = "data show glyphs --classes 1 --images 1 --out notes.txt --overwrite"
    call_fewbench(folder, glyphs_root, *typed.split())
    assert (folder / "notes.txt").read_bytes().startswith(b"\x89PNG")


def test_an_empty_file_is_called_empty(folder: Path, glyphs_root: Path) -> None:
    said = call_fewbench(
        folder, glyphs_root, "data", "identify", "empty.bin", code=2
    ).stdout
    assert said.startswith("empty.bin\n")
    assert "an empty file" in said


@pytest.mark.parametrize("variable", ["FEWBENCH_DATA", "FEWBENCH_CACHE"])
def test_an_unknown_user_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    data = Path("~nosuch/x") if variable == "FEWBENCH_DATA" else folder
    monkeypatch.setenv("FEWBENCH_CACHE", "~nosuch/x")
    command = "data list" if variable == "FEWBENCH_DATA" else "cache list"
    said = call_fewbench(folder, data, *command.split(), code=2).stderr
    assert f"{variable}: expected a folder, got ~nosuch/x" in said


def test_the_advised_command_uses_the_same_root_and_works(folder: Path) -> None:
    shown = ("data", "info", "glyphs", "--root", "my data")
    said = call_fewbench(folder, folder / "other", *shown).stdout
    _, _, advised = said.partition("not built: ")
    fewbench, *words = shlex.split(advised)
    assert fewbench == "fewbench"
    call_fewbench(folder, folder / "other", *words)
    assert "not built" not in call_fewbench(folder, folder / "other", *shown).stdout
    assert (folder / "my data" / "glyphs" / "manifest.json").exists()
    assert not (folder / "other").exists()
