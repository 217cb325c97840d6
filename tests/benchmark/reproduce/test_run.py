import shutil
from pathlib import Path

import pytest

from fewbench.baselines.checkpoints import load_checkpoint
from fewbench.baselines.config import TrainConfig
from fewbench.baselines.learner import BaselineError, Learner
from fewbench.baselines.run_folder import BEST, LAST
from fewbench.baselines.validation import validate
from fewbench.benchmark.reproduce import job as job_module
from fewbench.benchmark.reproduce.cells import Rehearsal
from fewbench.benchmark.reproduce.job import Job
from fewbench.benchmark.reproduce.run import only_process, prepare_data, reproduce
from fewbench.datasets.info import DataError
from fewbench.datasets.view import ImageView
from fewbench.locks import Busy
from fewbench.progress import Progress, report_nothing
from fewbench.reports.records import RunResult
from fewbench_tests.small_cells import small_cell


def rehearsal(out: Path, root: Path, n_seeds: int = 1) -> Job:
    return Job(small_cell(), "rehearsal", n_seeds, out, root, "cpu")


def weights_of(result: RunResult) -> str:
    assert result.weights is not None
    assert result.weights.sha256 is not None
    return result.weights.sha256


class InterruptAt:
    """A Progress that presses Ctrl-C when a stage reaches a step."""

    def __init__(self, stage: str, step: int) -> None:
        self.stage = stage
        self.step = step

    def __call__(self, stage: str, done: int, total: int, remark: str = "") -> None:
        if stage.endswith(self.stage) and done == self.step:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, glyphs_root: Path):
    """Two seeds of a rehearsal, as a whole."""
    out = tmp_path_factory.mktemp("undisturbed")
    job = rehearsal(out, glyphs_root, n_seeds=2)
    return job, reproduce(job, report_nothing)


def test_every_seed_is_trained_and_evaluated(undisturbed) -> None:
    job, made = undisturbed

    assert [result.train_seed for result in made.results] == [0, 1]
    assert len({weights_of(result) for result in made.results}) == 2
    assert made.over_seeds.n == 2
    assert len(list(job.results.glob("*.json"))) == 2


def test_a_finished_job_does_nothing_again(undisturbed) -> None:
    job, made = undisturbed
    files = [path for path in job.out.rglob("*") if path.is_file()]
    before = {path: path.read_bytes() for path in files}

    again = reproduce(job, report_nothing)

    assert {path: path.read_bytes() for path in files} == before
    assert again.mean == made.mean


@pytest.mark.parametrize(
    ("stage", "step"), [("train", 1), ("train", 5), ("classify", 100)]
)
def test_an_interrupted_job_ends_with_the_same_weights(
    tmp_path: Path, glyphs_root: Path, undisturbed, stage: str, step: int
) -> None:
    _, whole = undisturbed
    job = rehearsal(tmp_path / "out", glyphs_root)
    with pytest.raises(KeyboardInterrupt):
        reproduce(job, InterruptAt(stage, step))

    made = reproduce(job, report_nothing)

    assert weights_of(made.results[0]) == weights_of(whole.results[0])
    assert (made.results[0].predictions == whole.results[0].predictions).all()


def test_more_seeds_are_added_to_those_that_are_there(
    tmp_path: Path, glyphs_root: Path, undisturbed
) -> None:
    _, whole = undisturbed
    reproduce(rehearsal(tmp_path, glyphs_root), report_nothing)
    first = (tmp_path / "seed-0" / LAST).read_bytes()

    made = reproduce(rehearsal(tmp_path, glyphs_root, n_seeds=2), report_nothing)

    assert (tmp_path / "seed-0" / LAST).read_bytes() == first
    assert [weights_of(one) for one in made.results] == [
        weights_of(one) for one in whole.results
    ]


def test_a_result_of_other_weights_is_replaced(
    tmp_path: Path, glyphs_root: Path
) -> None:
    job = rehearsal(tmp_path, glyphs_root)
    reproduce(job, report_nothing)
    shutil.rmtree(tmp_path / "seed-0")
    [result_file] = job.results.glob("*.json")
    before = result_file.read_bytes()

    reproduce(job, report_nothing)

    # The same weights again, but trained at another time: the file names its checkpoint.
    assert result_file.read_bytes() != before


def test_snells_second_training_ends_after_the_best_step_of_the_first(
    tmp_path: Path, glyphs_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_module, "STEPS_AFTER_BEST", 1)
    job = Job(small_cell(retrain="train+val"), "full", 1, tmp_path, glyphs_root, "cpu")

    made = reproduce(job, report_nothing)

    selection, final = job.trainings(0)
    recipe = made.results[0].recipe
    assert recipe["train_splits"] == "train+val"
    assert recipe["trained_steps"] == final.last_step == final.saved_step
    assert selection.saved_step == selection.config.steps
    assert not (final.folder / BEST).exists()


def test_another_process_in_the_folder_is_named(
    tmp_path: Path, glyphs_root: Path
) -> None:
    job = rehearsal(tmp_path / "out", glyphs_root)
    with only_process(job), pytest.raises(Busy, match="reproducing"), only_process(job):
        pass


def test_embedded_data_is_built_without_a_source(tmp_path: Path) -> None:
    prepare_data(rehearsal(tmp_path / "out", tmp_path / "root"), None, report_nothing)

    assert (tmp_path / "root" / "glyphs" / "manifest.json").exists()


def test_a_source_that_is_missing_is_named(tmp_path: Path) -> None:
    job = Job(
        small_cell(short="protonet-omniglot-short", short_settings=()),
        "short",
        1,
        tmp_path,
        tmp_path,
    )

    with pytest.raises(DataError, match="nowhere"):
        prepare_data(job, tmp_path / "nowhere", report_nothing)


def test_an_interrupted_last_validation_is_made_up_for(
    tmp_path: Path,
    glyphs_root: Path,
    undisturbed,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, whole = undisturbed
    job = rehearsal(tmp_path / "out", glyphs_root)
    validations: list[int] = []

    def interrupted(
        learner: Learner,
        view: ImageView,
        config: TrainConfig,
        progress: Progress | None,
    ) -> float:
        validations.append(1)
        if len(validations) == 3:
            raise KeyboardInterrupt
        return validate(learner, view, config, progress)

    with monkeypatch.context() as patch:
        patch.setattr("fewbench.baselines.training.validate", interrupted)
        with pytest.raises(KeyboardInterrupt):
            reproduce(job, report_nothing)
    assert job.trainings(0)[0].saved_step == 6

    made = reproduce(job, report_nothing)

    assert weights_of(made.results[0]) == weights_of(whole.results[0])
    _, card = load_checkpoint(tmp_path / "out" / "seed-0" / LAST)
    assert card.history[-1]["step"] == 6


def test_the_training_of_another_cell_is_refused(
    tmp_path: Path, glyphs_root: Path
) -> None:
    reproduce(rehearsal(tmp_path, glyphs_root), report_nothing)
    other = small_cell(rehearsal=Rehearsal("maml-glyphs", ("steps=6",)))
    job = Job(other, "rehearsal", 1, tmp_path, glyphs_root, "cpu")

    with pytest.raises(BaselineError, match="differs"):
        reproduce(job, report_nothing)
