import pytest

from fewbench.benchmark.guard.comparable import NotComparable
from fewbench.benchmark.guard.judge_retrained import judge_retrained
from fewbench.benchmark.guard.verdict import Rules
from fewbench.errors import UserError
from fewbench.reports.stats.retraining import worse_than
from fewbench_tests.guarded import made, runs, store


def new_run(accuracy: float, seed: int = 70):
    return made(accuracy, seed, train_seed=seed)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return store(tmp_path_factory.mktemp("retrained"), *runs(10))


@pytest.mark.parametrize(
    ("accuracy", "outcome"), [(0.8, "pass"), (0.7, "fail"), (0.9, "improved")]
)
def test_one_new_run_is_judged_beside_the_spread(stored, accuracy, outcome) -> None:
    new = new_run(accuracy, 60)
    expected = worse_than([new.mean], stored.reference.accuracies)

    verdict = judge_retrained([new], stored, Rules())

    assert verdict.outcome == outcome
    assert verdict.difference == pytest.approx(-expected.drop)
    assert verdict.alarm_drop == expected.alarm
    assert verdict.visible_drop == expected.visible_drop
    assert f"a true drop of {100 * expected.visible_drop:.2f} points" in verdict.reason
    assert f"more than {100 * expected.alarm:.2f} points fails" in verdict.reason
    assert (stored.update_command in " ".join(verdict.remarks)) == (
        outcome == "improved"
    )


def test_few_reference_runs_are_said(tmp_path) -> None:
    verdict = judge_retrained([new_run(0.8)], store(tmp_path, *runs(3)), Rules())

    assert verdict.remarks[0].startswith("The reference has 3 runs; with 10,")


def test_several_new_runs_see_smaller_drops(stored) -> None:
    one = judge_retrained([new_run(0.8)], stored, Rules())
    three = judge_retrained([new_run(0.8, k) for k in (70, 71, 72)], stored, Rules())

    assert one.visible_drop is not None
    assert three.visible_drop is not None
    assert three.visible_drop < one.visible_drop


def test_an_allowed_drop_does_not_fail(stored) -> None:
    new = new_run(0.77)

    assert judge_retrained([new], stored, Rules()).outcome == "fail"
    allowed = Rules(fail="drop", drop=0.05)
    assert judge_retrained([new], stored, allowed).outcome == "pass"


def test_runs_with_a_seed_of_the_reference_are_said(stored) -> None:
    verdict = judge_retrained([new_run(0.8, 3)], stored, Rules())

    assert "same training seed (3)" in verdict.remarks[0]


def test_what_cannot_be_compared_is_refused(stored, tmp_path) -> None:
    with pytest.raises(NotComparable):
        judge_retrained([made(0.8, n_shot=5)], stored, Rules())
    with pytest.raises(UserError, match="different training seeds"):
        judge_retrained([new_run(0.8), new_run(0.8)], stored, Rules())
    with pytest.raises(UserError, match="expected a reference of several"):
        judge_retrained([new_run(0.8)], store(tmp_path, made()), Rules())


def test_identical_predictions_cannot_be_asked_of_a_training(stored) -> None:
    asked = judge_retrained([new_run(0.8, 60)], stored, Rules(fail="identical"))
    plain = judge_retrained([new_run(0.8, 60)], stored, Rules())

    assert asked.outcome == plain.outcome == "pass"
    assert asked.remarks[0].startswith("identical predictions cannot be asked")
    assert not plain.remarks
