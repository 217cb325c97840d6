"""`import fewbench`: quick, lazy, and what its functions do."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from torch import nn

import fewbench
from fewbench.errors import UserError
from fewbench.reports.records import RunResult
from fewbench_tests import foreign_weights as foreign

TIMED_IMPORT = """
import sys, time
start = time.process_time()
import fewbench
print(time.process_time() - start)
heavy = {"torch", "numpy", "pandas", "h5py", "matplotlib", "typer", "rich", "pydantic"}
print(sorted(heavy & set(sys.modules)))
"""


@pytest.fixture(scope="module")
def result(glyphs_root: Path) -> RunResult:
    return fewbench.evaluate(
        nn.Flatten(), "glyphs-5w1s", name="pixels", root=glyphs_root, progress=False
    )


def test_the_import_is_quick_and_loads_nothing_heavy(tmp_path: Path) -> None:
    seconds = []
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", TIMED_IMPORT],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        first, second = done.stdout.splitlines()
        seconds.append(float(first))
        assert second == "[]"

    assert min(seconds) < 0.05


def test_the_package_has_one_name() -> None:
    with pytest.raises(ImportError):
        __import__("fewbench.benchmark.front")


def test_the_version_is_the_installed_one() -> None:
    from importlib.metadata import version

    assert fewbench.__version__ == version("fewbench")


def test_an_unknown_attribute_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'evalute'"):
        getattr(fewbench, "evalute")  # noqa: B009 - a typing mistake


def test_evaluate_scores_an_encoder(result: RunResult) -> None:
    assert result.learner == "pixels"
    assert result.protocol.n_episodes == 10_000
    assert 0.4 < result.mean < 0.6
    interval = fewbench.interval(result)
    assert interval.low < result.mean < interval.high


def test_evaluate_tells_its_progress(glyphs_root: Path) -> None:
    stages = []

    def note(stage: str, done: int, total: int, remark: str = "") -> None:
        stages.append((stage, done, total))

    protocol = fewbench.find_protocol("glyphs-5w1s", n_episodes=300)
    fewbench.evaluate(nn.Flatten(), protocol, root=glyphs_root, progress=note)

    assert stages
    assert all(0 <= done <= total for _, done, total in stages)


@pytest.mark.usefixtures("unrendered")
def test_results_are_saved_compared_and_reported(
    result: RunResult, tmp_path: Path
) -> None:
    fewbench.save_result(result, tmp_path / "results")
    (loaded,) = fewbench.load_results(tmp_path / "results")
    assert loaded.episodes_fingerprint == result.episodes_fingerprint
    assert (loaded.correct == result.correct).all()

    comparison = fewbench.compare(result, loaded)
    assert comparison.equal
    assert str(comparison) == "0 of 750,000 predictions differ"

    written = fewbench.write_report([loaded], tmp_path / "report")
    assert tmp_path / "report" / "index.html" in written


def test_three_seeds_of_one_encoder_are_three_results(
    glyphs_root: Path, tmp_path: Path
) -> None:
    protocol = fewbench.find_protocol("glyphs-5w1s", n_episodes=20)
    for seed in (0, 1, 2):
        found = fewbench.evaluate(
            nn.Sequential(nn.Flatten(), nn.Linear(784, 8)),
            protocol,
            name="Сеть",
            train_seed=seed,
            recipe={"learner": "protonet", "lr": 0.1},
            root=glyphs_root,
            progress=False,
        )
        path = fewbench.save_result(found, tmp_path)
        with pytest.raises(UserError, match="there is another result of this name"):
            fewbench.save_result(replace(found, precision="bf16"), tmp_path)
        assert path == fewbench.save_result(found, tmp_path, overwrite=True)
    loaded = fewbench.load_results(tmp_path)
    assert [(one.learner, one.train_seed) for one in loaded] == [
        ("Сеть", 0),
        ("Сеть", 1),
        ("Сеть", 2),
    ]
    assert loaded[0].recipe == {"learner": "protonet", "lr": 0.1}


@pytest.mark.parametrize(
    ("labels", "complaint"),
    [
        ({"train_seed": -1}, "train_seed"),
        ({"train_seed": 10**300}, "train_seed"),
        ({"recipe": {"lr": float("nan")}}, "recipe"),
        ({"recipe": {"layers": [1, 2]}}, "recipe"),
        ({"name": "x" * 81}, "name"),
    ],
)
def test_what_a_result_cannot_record_is_refused_before_the_first_call(
    glyphs_root: Path, labels: dict[str, Any], complaint: str
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("called")

    with pytest.raises(UserError, match=f"the learner's {complaint}"):
        fewbench.evaluate(never, "glyphs-5w1s", root=glyphs_root, **labels)


def test_weights_that_others_trained_are_scored(
    glyphs_root: Path, tmp_path: Path
) -> None:
    path = foreign.save_npz(
        foreign.unnamed(foreign.trained_state()), tmp_path / "net.npz"
    )
    learner = fewbench.load_weights(
        path, "conv4", width=foreign.WIDTH, image_shape=foreign.SHAPE
    )
    protocol = fewbench.find_protocol("glyphs-5w1s", n_episodes=20)

    result = fewbench.evaluate(learner, protocol, root=glyphs_root, progress=False)

    assert result.learner == "protonet-net"
    assert result.weights is not None
    assert result.weights.origin == "the file net.npz, matched by order"
    assert result.weights.sha256 == learner.card.weights_sha256
    with pytest.raises(UserError, match="--width 4"):
        fewbench.load_weights(path, "conv4", image_shape=foreign.SHAPE)


def test_a_split_is_opened_by_name(glyphs_root: Path) -> None:
    store = fewbench.open_split("glyphs", "test", root=glyphs_root)

    assert store.images.shape == (2340, 28, 28, 1)


def test_an_unknown_dataset_is_a_mistake_of_the_user(glyphs_root: Path) -> None:
    with pytest.raises(UserError, match="glyphs"):
        fewbench.open_split("glyps", "test", root=glyphs_root)
