import pytest

from fewbench.benchmark.guard.history import LookBack
from fewbench.benchmark.guard.judge_night import judge_first_look, judge_night
from fewbench.benchmark.guard.judge_retrained import judge_retrained
from fewbench.benchmark.guard.verdict import Rules
from fewbench.reports.stats.nightly import watch
from fewbench.reports.stats.retraining import worse_than
from fewbench_tests.guarded import made, runs, store


def new_run(accuracy: float, seed: int = 70):
    return made(accuracy, seed, train_seed=seed)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return store(tmp_path_factory.mktemp("retrained"), *runs(10))


def past(*accuracies: float, tonight: dict[int, float] | None = None) -> LookBack:
    return LookBack(accuracies, tonight or {})


def test_a_first_look_asks_for_a_second_seed(tmp_path) -> None:
    """Also with few reference runs, whose e-value cannot alarm on one night."""
    stored = store(tmp_path, *runs(3))
    low = [new_run(0.5), new_run(0.5, 71)]

    one = judge_first_look(low[:1], stored, Rules())
    two = judge_first_look(low, stored, Rules(), confirming=True)

    assert (one.outcome, one.alarm) == ("undecided", True)
    assert "a second seed of this date decides" in one.reason
    assert (two.outcome, two.alarm) == ("fail", True)
    assert "first look: a drop, confirmed by 2 runs" in two.reason
    assert one.e_value is None
    assert "first look" in one.rule


def test_another_seed_may_not_confirm_a_first_look(stored) -> None:
    new = [new_run(0.7), new_run(0.92, 71)]

    verdict = judge_first_look(new, stored, Rules(), confirming=True)

    assert (verdict.outcome, verdict.alarm) == ("undecided", True)
    assert "the run with another seed did not confirm it" in verdict.reason


@pytest.mark.parametrize(("accuracy", "outcome"), [(0.8, "pass"), (0.9, "improved")])
def test_a_first_look_that_is_not_low(stored, accuracy, outcome) -> None:
    verdict = judge_first_look([new_run(accuracy, 60)], stored, Rules())

    assert (verdict.outcome, verdict.alarm) == (outcome, False)


def test_a_first_night_is_said_to_be_one(stored) -> None:
    verdict = judge_night([new_run(0.8)], stored, Rules(), past())

    assert (verdict.outcome, verdict.alarm) == ("pass", False)
    assert verdict.remarks == (
        "First night: no earlier night is known since the reference was accepted",
    )


def test_an_alarm_asks_for_a_second_seed(stored) -> None:
    first = new_run(0.7)
    nights = [0.8, 0.79]
    expected = watch(stored.reference.accuracies, [*nights, first.mean])

    verdict = judge_night([first], stored, Rules(), past(*nights))

    assert (verdict.outcome, verdict.alarm) == ("undecided", True)
    assert verdict.e_value == expected.e_value
    assert "a second seed of this date decides" in verdict.reason
    assert not any(one.startswith("First night") for one in verdict.remarks)


@pytest.mark.parametrize(("second", "outcome"), [(0.7, "fail"), (0.92, "undecided")])
def test_the_second_seed_decides(stored, second, outcome) -> None:
    new = [new_run(0.7), new_run(second, 71)]

    verdict = judge_night(new, stored, Rules(), past(0.8, 0.79))

    assert (verdict.outcome, verdict.alarm) == (outcome, True)
    assert "confirmed by 2 runs" in verdict.reason


def test_a_single_low_night_after_good_ones_is_undecided(stored) -> None:
    low = new_run(0.79, 74)
    nights = stored.reference.accuracies * 3
    assert judge_retrained([low], stored, Rules()).outcome == "fail"

    verdict = judge_night([low], stored, Rules(), past(*nights))

    assert (verdict.outcome, verdict.alarm) == ("undecided", False)
    assert "all nights together do not alarm yet" in verdict.reason


def test_a_night_is_not_said_to_be_decided_by_a_single_look(stored) -> None:
    alone = worse_than([0.8], stored.reference.accuracies)
    words = (
        f"On a single look, a drop of more than {100 * alone.alarm:.2f} points would"
    )
    night = judge_night([new_run(0.8)], stored, Rules(), past())
    first_look = judge_first_look([new_run(0.8)], stored, Rules())

    for verdict in (night, first_look):
        assert words in verdict.reason
        assert "fails" not in verdict.reason
        assert "8 times in 10" not in verdict.reason


def test_nights_without_any_chance_of_an_alarm_say_so(tmp_path) -> None:
    stored = store(tmp_path, *runs(3))
    words = "With 3 reference runs, no drop can alarm before night 3"

    def remarks(*nights: float) -> tuple[str, ...]:
        return judge_night([new_run(0.1)], stored, Rules(), past(*nights)).remarks

    assert words in remarks()
    assert words in remarks(0.8)
    assert words not in remarks(0.8, 0.8)


def test_a_red_night_stays_red_if_it_is_repeated(stored) -> None:
    better = [new_run(0.8), new_run(0.8, 71)]
    red = past(0.8, 0.79, tonight={70: 0.7, 71: 0.7})

    verdict = judge_night(better, stored, Rules(), red)

    assert verdict.outcome == "fail"
    expected = watch(stored.reference.accuracies, [0.8, 0.79, 0.7])
    assert verdict.e_value == expected.e_value
    assert verdict.remarks == (
        "this date is in the history already; its first accuracy, 70.00 %, counts",
    )


def test_many_good_nights_improve(stored) -> None:
    verdict = judge_night([new_run(0.83)], stored, Rules(), past(*[0.83] * 5))

    assert verdict.outcome == "improved"
