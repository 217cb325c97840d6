"""Models that are evaluated again, on real images."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save

from fewbench.baselines.catalogue import load_learner
from fewbench.benchmark.evaluate import evaluate
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.submission import rerun as module
from fewbench.benchmark.submission.check import check_submission
from fewbench.benchmark.submission.pack import pack_submission
from fewbench.benchmark.submission.rerun import difference_limits, rerun_submission
from fewbench.benchmark.submission.verdict import Verdict, verdict_on
from fewbench.errors import UserError
from fewbench.files import file_digest
from fewbench.reports.records import RunResult, count_correct
from fewbench_tests.made_bundles import pack, two_seeds, write_card
from fewbench_tests.paths import REPOSITORY

CHECKPOINT = REPOSITORY / "tests/compatibility/files/whole/best.safetensors"
PROTOCOL = find_protocol("glyphs-5w1s", n_episodes=200)


@pytest.fixture(scope="module")
def result(glyphs_root: Path) -> RunResult:
    learner = load_learner(str(CHECKPOINT), torch.device("cpu"))
    return evaluate(learner, PROTOCOL, root=glyphs_root)


def rerun(
    result: RunResult, folder: Path, root: Path, checkpoints: tuple[Path, ...] = ()
) -> Verdict:
    """Pack a result, and check it again with its checkpoint."""
    seeds = f"seeds = [{result.train_seed}]"
    card = write_card(folder, ("seeds = [0, 1]", seeds))
    bundle = folder / "a.fewbench.zip"
    assert pack_submission([result], card, bundle).has_passed
    checked = check_submission(bundle)
    reruns, findings = rerun_submission(bundle, checked, root, checkpoints)
    checked.findings.extend(findings)
    return verdict_on(checked, reruns)


def forged(result: RunResult, n_flipped: int) -> RunResult:
    """Return a result in which wrong answers of the first episodes became right."""
    predictions = result.predictions.copy()
    n_way = result.protocol.n_way
    truth = np.arange(n_way).repeat(result.protocol.n_query)
    wrong = np.argwhere(predictions != truth)[:n_flipped]
    predictions[tuple(wrong.T)] = truth[wrong[:, 1]]
    correct = count_correct(predictions, n_way)
    return replace(result, predictions=predictions, correct=correct, calibration=None)


def test_the_same_checkpoint_gives_the_same_answers(
    result, tmp_path, glyphs_root
) -> None:
    verdict = rerun(result, tmp_path, glyphs_root, (CHECKPOINT,))
    assert verdict.trust == "re-run"
    (found,) = verdict.reruns
    assert (found.n_differ, found.n_fresh) == (0, 600)
    assert found.low < 0 < found.high
    assert abs(found.fresh_mean - result.mean) < 0.05
    again = rerun(result, tmp_path, glyphs_root, (CHECKPOINT,))
    assert again.reruns[0].fresh_seed != found.fresh_seed


def test_made_up_answers_are_found(result, tmp_path, glyphs_root) -> None:
    n_flipped = int(0.03 * result.predictions.size)
    verdict = rerun(forged(result, n_flipped), tmp_path, glyphs_root, (CHECKPOINT,))
    assert verdict.trust == "refused"
    (finding,) = verdict.findings
    assert finding.code == "rerun"
    assert f"{n_flipped:,} of {result.predictions.size:,}" in finding.what


def test_a_few_made_up_answers_are_one_sided(result, tmp_path, glyphs_root) -> None:
    verdict = rerun(forged(result, 60), tmp_path, glyphs_root, (CHECKPOINT,))
    assert verdict.trust == "refused"
    assert "expected differences in both directions" in verdict.findings[0].what


def test_without_its_checkpoint_it_stays_re_scored(
    result, tmp_path, glyphs_root
) -> None:
    verdict = rerun(result, tmp_path, glyphs_root)
    assert verdict.trust == "re-scored"
    (finding,) = verdict.findings
    assert (finding.level, finding.code) == ("warning", "not-rerun")
    assert "no --checkpoint has the SHA-256" in finding.what


def test_a_checkpoint_that_is_replaced_after_it_was_hashed_is_another_one(
    result, tmp_path, glyphs_root, monkeypatch
) -> None:
    """The other one has the same weights, and thus gives the same answers."""
    mine = tmp_path / "mine.safetensors"
    shutil.copy(CHECKPOINT, mine)
    with safe_open(mine, "pt") as file:
        metadata = file.metadata()
    other = save(load_file(mine), {**metadata, "note": "another file"})

    def digest_early(path: Path, algorithm: str) -> str:
        found = file_digest(path, algorithm)
        path.write_bytes(other)
        return found

    monkeypatch.setattr(module, "file_digest", digest_early)
    verdict = rerun(result, tmp_path, glyphs_root, (mine,))
    assert verdict.trust == "re-scored"
    (finding,) = verdict.findings
    assert finding.code == "not-rerun"
    assert "its checkpoint changed while it was read" in finding.what


def test_a_bundle_that_is_replaced_after_its_check_is_not_rerun(
    result, tmp_path, glyphs_root
) -> None:
    bundle = pack(tmp_path)
    checked = check_submission(bundle)
    pack(tmp_path, two_seeds(rng_seed=7))
    with pytest.raises(
        UserError, match=r"changed while it was checked: .* Type the same"
    ):
        rerun_submission(bundle, checked, glyphs_root)


def test_random_answers_cannot_be_repeated(result, tmp_path, glyphs_root) -> None:
    random = replace(result, deterministic=False)
    verdict = rerun(random, tmp_path, glyphs_root, (CHECKPOINT,))
    assert verdict.trust == "re-scored"
    assert "answers are random" in verdict.findings[0].what


def test_the_limits_of_a_difference_by_hand() -> None:
    submitted = np.array([0.5, 0.51, 0.49])
    fresh = np.array([0.475, 0.485, 0.46, 0.5])
    # Means 0.5 and 0.48; variances 0.0001 / 3 and 0.00085 / 3 / 4. With 2 degrees of
    # freedom, P(T > t) = 0.0005 is 1 - t / sqrt(2 + t^2) = 0.001: t = 31.599.
    low, high = difference_limits(submitted, fresh)
    error = np.sqrt(0.0001 / 3 + 0.00085 / 12)
    t = 0.999 * np.sqrt(2 / (1 - 0.999**2))
    assert t == pytest.approx(31.599, abs=5e-4)
    assert (low, high) == pytest.approx((0.02 - t * error, 0.02 + t * error))


def test_perfect_answers_leave_room_for_episodes_that_were_not_drawn() -> None:
    perfect = np.ones(50)
    fresh = np.tile([0.9, 1.0], 300)
    # The submitted mean may be lower by the share that is missing from 50 episodes.
    unseen = 1 - 0.0005 ** (1 / 50)
    # 49 degrees of freedom; from a table of Student's t: 3.5004.
    by_spread = 3.5004 * 0.05 / np.sqrt(599)
    low, high = difference_limits(perfect, fresh)
    assert (low, high) == pytest.approx(
        (0.05 - by_spread - unseen, 0.05 + by_spread), abs=1e-6
    )


def test_a_single_episode_limits_nothing() -> None:
    assert difference_limits(np.ones(1), np.zeros(600)) == (-1, 1)
    assert difference_limits(np.zeros(600), np.ones(1)) == (-1, 1)


@pytest.mark.parametrize(
    ("n_episodes", "accuracy"), [(2, 0.6), (5, 0.6), (10, 0.999), (50, 0.9995)]
)
def test_an_honest_learner_is_seldom_refused(n_episodes, accuracy) -> None:
    generator = np.random.default_rng(n_episodes)
    n_refused = 0
    for _ in range(1000):
        submitted = generator.binomial(75, accuracy, n_episodes) / 75
        fresh = generator.binomial(75, accuracy, 600) / 75
        low, _ = difference_limits(submitted, fresh)
        n_refused += low > 0
    # 0.5 are expected; more than 4 have a probability of 0.0002.
    assert n_refused <= 4


def test_a_clear_lie_is_still_refused() -> None:
    generator = np.random.default_rng(0)
    submitted = generator.binomial(75, 0.65, 600) / 75
    fresh = generator.binomial(75, 0.60, 600) / 75
    low, _ = difference_limits(submitted, fresh)
    assert low > 0.03
