import pytest

from fewbench.benchmark.guard.judge_night import judge_night
from fewbench.benchmark.guard.judge_retrained import judge_retrained
from fewbench.benchmark.guard.look_back import LookBack
from fewbench.benchmark.guard.verdict import Rules, Verdict
from fewbench.errors import UserError
from fewbench.reports.stats.nightly import e_value
from fewbench.reports.stats.retraining import worse_than
from fewbench_tests.guarded import made, runs, store

ALONE = "retrained, this night alone beside the spread of the reference's runs"
TOGETHER = "retrained, all nights since the reference was accepted"
RULES = Rules()


def new_run(accuracy: float, seed: int = 70):
    return made(accuracy, seed, train_seed=seed)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return store(tmp_path_factory.mktemp("retrained"), *runs(10))


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    return store(tmp_path_factory.mktemp("three"), *runs(3))


def past(*accuracies: float, tonight: dict[int, float] | None = None) -> LookBack:
    return LookBack(accuracies, tonight or {})


def state(verdict: Verdict) -> tuple[str, bool]:
    return verdict.outcome, verdict.alarm


# Without a history, and with one in all its phases: (reference runs, what is known before).
NO_HISTORY = (3, None)
FIRST_NIGHT = (10, past())
CANNOT_ALARM_YET = (3, past(0.8))
ALL_NIGHTS = (10, past(0.8, 0.79))
PHASES = [NO_HISTORY, FIRST_NIGHT, CANNOT_ALARM_YET, ALL_NIGHTS]


@pytest.mark.parametrize(
    ("n", "known", "n_runs"),
    [(*phase, 1) for phase in PHASES]
    + [(*NO_HISTORY, 2), (3, past(), 2), (*ALL_NIGHTS, 2)],
)
def test_an_alarm_needs_runs_with_other_seeds(stored, three, n, known, n_runs) -> None:
    used = three if n == 3 else stored
    new = [new_run(0.6, seed) for seed in range(70, 70 + n_runs)]
    low = [new_run(0.6, seed) for seed in range(80, 80 + n_runs)]
    usual = [new_run(0.8, seed) for seed in range(80, 80 + n_runs)]

    first = judge_night(new, used, RULES, known)
    confirmed = judge_night(new, used, RULES, known, low)
    refuted = judge_night(new, used, RULES, known, usual)

    assert state(first) == ("undecided", True)
    assert "a drop; runs with other seeds decide" in first.reason
    assert state(confirmed) == ("fail", True)
    assert f"confirmed by {n_runs} run" in confirmed.reason
    assert state(refuted) == ("undecided", True)
    assert f"not confirmed by {n_runs} run" in refuted.reason


@pytest.mark.parametrize(("n", "known"), PHASES)
def test_the_second_seed_decides_without_the_first(stored, three, n, known) -> None:
    """Together with the very low first run, the usual second run would look low."""
    used = three if n == 3 else stored
    new, second = [new_run(0.4)], [new_run(0.8, 71)]
    both = [new[0].mean, second[0].mean]
    assert worse_than(both, used.reference.accuracies).failed

    verdict = judge_night(new, used, RULES, known, second)

    assert state(verdict) == ("undecided", True)
    assert verdict.facts is not None
    assert verdict.facts["accuracies"] == [new[0].mean]
    assert verdict.facts["second_accuracies"] == [second[0].mean]
    assert verdict.facts["second_train_seeds"] == [71]


def test_a_second_seed_has_to_be_another_one(stored) -> None:
    with pytest.raises(UserError, match="different training seeds, got"):
        judge_night([new_run(0.6)], stored, RULES, None, [new_run(0.6)])


@pytest.mark.parametrize(("accuracy", "outcome"), [(0.8, "pass"), (0.9, "improved")])
@pytest.mark.parametrize("known", [None, past()])
def test_a_night_alone_that_is_not_low(stored, known, accuracy, outcome) -> None:
    verdict = judge_night([new_run(accuracy, 60)], stored, RULES, known)

    assert state(verdict) == (outcome, False)


def test_without_a_history_there_is_no_e_value(stored) -> None:
    verdict = judge_night([new_run(0.8)], stored, RULES)

    assert "first look" in verdict.rule
    assert verdict.e_value is None


def test_a_first_night_is_judged_alone(stored) -> None:
    verdict = judge_night([new_run(0.8, 60)], stored, RULES, past())

    assert verdict.rule == ALONE
    assert verdict.remarks == (
        "First night: no earlier night is known since the reference was accepted, so this "
        "night was judged alone",
    )
    assert verdict.e_value is not None


def test_nights_are_judged_alone_until_all_together_can_alarm(three) -> None:
    """However large the drop, the e-value of one or two runs does not alarm."""
    words = (
        "With 3 reference runs, no e-value of fewer than 3 runs can alarm, so this night "
        "was judged alone"
    )

    def judged(n_runs: int, *nights: float) -> Verdict:
        new = [new_run(0.1, seed) for seed in range(70, 70 + n_runs)]
        return judge_night(new, three, RULES, past(*nights))

    for alone in (judged(1), judged(1, 0.8), judged(2)):
        assert (alone.rule, alone.alarm) == (ALONE, True)
        assert words in alone.remarks
        assert alone.e_value is not None
        assert alone.e_value < 20
    for together in (judged(1, 0.8, 0.8), judged(2, 0.8)):
        assert together.rule == TOGETHER
        assert words not in together.remarks


def test_every_run_of_a_night_counts(stored) -> None:
    new = [new_run(0.8), new_run(0.77, 71), new_run(0.79, 72)]
    accuracies = [0.8, 0.78, *(run.mean for run in new)]

    verdict = judge_night(new, stored, RULES, past(0.8, 0.78))

    expected = e_value(stored.reference.accuracies, accuracies)
    assert verdict.e_value == expected
    assert f"e-value {expected:.3g} after 5 runs (alarm at 20)" in verdict.reason


def test_a_single_low_night_after_good_ones_is_undecided(stored) -> None:
    low = new_run(0.79, 74)
    nights = stored.reference.accuracies * 3
    assert judge_retrained([low], stored, RULES).outcome == "fail"

    verdict = judge_night([low], stored, RULES, past(*nights))

    assert state(verdict) == ("undecided", False)
    assert "all nights together do not alarm yet" in verdict.reason


@pytest.mark.parametrize(("n", "known"), PHASES)
@pytest.mark.parametrize("accuracy", [0.6, 0.8])
def test_every_night_says_what_a_single_look_sees(
    stored, three, n, known, accuracy
) -> None:
    used = three if n == 3 else stored
    alone = worse_than([accuracy], used.reference.accuracies)

    verdict = judge_night([new_run(accuracy)], used, RULES, known)

    assert verdict.reason.endswith(
        f"On a single look, a drop of more than {100 * alone.alarm:.2f} points is beyond "
        f"chance, and a true drop of {100 * alone.visible_drop:.2f} points is seen 8 times "
        f"in 10"
    )


def test_a_red_night_stays_red_if_it_is_repeated(stored) -> None:
    better, second = [new_run(0.8)], [new_run(0.8, 71)]
    red = past(0.8, 0.79, tonight={70: 0.7, 71: 0.7})

    verdict = judge_night(better, stored, RULES, red, second)

    assert verdict.outcome == "fail"
    accuracies = [0.8, 0.79, 0.7]
    assert verdict.e_value == e_value(stored.reference.accuracies, accuracies)
    assert verdict.facts is not None
    assert verdict.facts["accuracy"] == pytest.approx(0.7)
    assert "1 new run has 70.00 %" in verdict.reason
    assert verdict.remarks == (
        "this date is in the history already: for each seed, the lower of the recorded and "
        "the new accuracy counts",
    )


def test_a_worse_run_of_a_repeated_night_counts(stored) -> None:
    worse, second = [new_run(0.6)], [new_run(0.6, 71)]
    green = past(0.8, 0.79, tonight={70: 0.8})

    verdict = judge_night(worse, stored, RULES, green, second)

    assert verdict.outcome == "fail"
    assert verdict.difference == pytest.approx(worse[0].mean - stored.reference.mean)


def test_a_repeated_night_gets_no_better_by_another_number_of_runs(stored) -> None:
    """Then other accuracies count, so the numbers alone would not keep it red."""
    usual = [new_run(0.8, seed) for seed in range(90, 95)]
    red = LookBack([0.8, 0.79], {70: 0.6, 71: 0.6}, "fail")

    verdict = judge_night(usual, stored, RULES, red)

    assert verdict.outcome == "fail"
    assert verdict.reason.startswith(
        "this date was judged 'fail' before, which stays; "
    )


def test_many_good_nights_improve(stored) -> None:
    verdict = judge_night([new_run(0.83)], stored, RULES, past(*[0.83] * 5))

    assert verdict.outcome == "improved"
