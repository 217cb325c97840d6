"""Somebody who never installs fewbench packs answers to an exported list of episodes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from fewbench.benchmark.protocols.episode_files import export_episodes
from fewbench.benchmark.submission.check import CheckedSubmission, check_submission
from fewbench_tests.made_bundles import lines, two_seeds, write_card
from fewbench_tests.paths import REPOSITORY

SCRIPT = REPOSITORY / "docs" / "pack_elsewhere.py"
# Python runs this module before any script. It makes every import of fewbench fail.
GUARD = """
import sys

class Guard:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("fewbench", "fewbench_tests", "torch", "pydantic"):
            raise ImportError(f"this program has no {name}")

sys.meta_path.insert(0, Guard())
"""
RESULTS = two_seeds()


class Elsewhere(NamedTuple):
    """A folder in which the script runs, without fewbench."""

    folder: Path

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(self.folder / "guard")},
            capture_output=True,
            text=True,
            timeout=100,
        )

    def pack(self, *answers: np.ndarray) -> subprocess.CompletedProcess[str]:
        names = []
        for number, array in enumerate(answers):
            names.append(f"answers{number}.npy")
            np.save(self.folder / names[-1], array)
        card = write_card(self.folder)
        files = ["episodes.npz", card.name, "mine.fewbench.zip", *names]
        return self.python(str(SCRIPT), *files)

    def check(self, *answers: np.ndarray) -> CheckedSubmission:
        done = self.pack(*answers)
        assert done.returncode == 0, done.stderr
        return check_submission(self.folder / "mine.fewbench.zip")


@pytest.fixture(scope="module")
def exported(glyphs_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / "episodes.npz"
    export_episodes(RESULTS[0].protocol, glyphs_root, path)
    return path


@pytest.fixture
def elsewhere(exported: Path, tmp_path: Path) -> Elsewhere:
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD)
    (tmp_path / "episodes.npz").write_bytes(exported.read_bytes())
    return Elsewhere(tmp_path)


def test_the_script_needs_no_fewbench_and_its_bundle_passes(
    elsewhere: Elsewhere,
) -> None:
    guarded = elsewhere.python("-c", "import fewbench")
    assert "this program has no fewbench" in guarded.stderr

    checked = elsewhere.check(*(one.predictions for one in RESULTS))

    assert lines(checked) == []
    assert checked.made_with == "pack_elsewhere.py"
    for one, result in zip(checked.results, RESULTS, strict=True):
        assert one.is_foreign
        assert one.result.learner == "ProtoNet"
        assert one.result.protocol == result.protocol
        assert one.result.mean == result.mean
        assert one.result.train_seed == result.train_seed


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (RESULTS[0].predictions[:-1], "expected uint8 (6, 15), got uint8 (5, 15)"),
        (RESULTS[0].predictions[:, :-1], "expected uint8 (6, 15), got uint8 (6, 14)"),
        (RESULTS[0].predictions.reshape(6, 5, 3), "got uint8 (6, 5, 3)"),
        (RESULTS[0].predictions.astype(int) + 1, "expected labels 0 to 4, got 5"),
        (RESULTS[1].predictions, "all predictions are those of results/seed0.json"),
    ],
)
def test_wrong_answers_are_refused(
    first: np.ndarray, words: str, elsewhere: Elsewhere
) -> None:
    checked = elsewhere.check(first, RESULTS[1].predictions)

    assert not checked.has_passed
    assert words in "\n".join(lines(checked))


@pytest.mark.parametrize("wrong", [-1, 256, 0.5])
def test_numbers_that_are_no_labels_are_refused(
    wrong: float, elsewhere: Elsewhere
) -> None:
    answers = RESULTS[0].predictions + np.array(wrong)

    done = elsewhere.pack(answers, answers)

    assert "answers0.npy: expected labels from 0 on" in done.stderr
    assert not (elsewhere.folder / "mine.fewbench.zip").exists()


def test_an_answer_file_too_few_is_refused(elsewhere: Elsewhere) -> None:
    done = elsewhere.pack(RESULTS[0].predictions)

    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "answers for each of the 2 seeds in submission.toml, got 1" in line
    assert not (elsewhere.folder / "mine.fewbench.zip").exists()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ("episodes.npz submission.toml", "Type python pack_elsewhere.py episodes.npz"),
        ("none.npz submission.toml b.zip a.npy a.npy", "none.npz: cannot be read"),
        ("episodes.npz none.toml b.zip a.npy a.npy", "none.toml: cannot be read"),
        ("episodes.npz broken.toml b.zip a.npy a.npy", "broken.toml: cannot be read"),
        ("episodes.npz submission.toml b.zip a.npy a.npy", "a.npy: cannot be read"),
        ("broken.toml submission.toml b.zip a.npy a.npy", "broken.toml: cannot be"),
    ],
)
def test_a_mistake_is_answered_in_one_line(
    files: str, words: str, elsewhere: Elsewhere
) -> None:
    write_card(elsewhere.folder)
    (elsewhere.folder / "broken.toml").write_text("[method")

    done = elsewhere.python(str(SCRIPT), *files.split())

    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert words in line
    assert not (elsewhere.folder / "b.zip").exists()


def test_the_documents_are_what_the_schema_says(elsewhere: Elsewhere) -> None:
    elsewhere.check(*(one.predictions for one in RESULTS))

    asked = (
        "import json, zipfile; z = zipfile.ZipFile('mine.fewbench.zip');"
        "print(json.dumps({n: json.loads(z.read(n)) for n in z.namelist() if 'json' in n}))"
    )
    documents = json.loads(elsewhere.python("-c", asked).stdout)
    assert sorted(documents) == [
        "results/seed0.json",
        "results/seed1.json",
        "submission.json",
    ]
    schemas = REPOSITORY / "benchmark" / "submission" / "schemas"
    for name, document in documents.items():
        kind = "submission" if name == "submission.json" else "predictions"
        schema = json.loads((schemas / f"{kind}.schema.json").read_text())
        assert set(schema["required"]) <= set(document) <= set(schema["properties"])
