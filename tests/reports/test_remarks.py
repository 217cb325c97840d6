import pytest

from fewbench.reports.origin import Checks
from fewbench.reports.page.provenance import provenance
from fewbench.reports.remarks import is_unsteady, remarks
from fewbench.reports.tables.cells import Cell
from fewbench.reports.tables.printed import to_latex, to_text


def test_a_result_that_passed_or_was_not_checked_has_no_remark(make_result) -> None:
    for checks in (None, Checks(), Checks(True, True, True, True)):
        result = make_result(checks=checks)
        assert remarks(result) == []
        assert not is_unsteady(result)
        assert "¶" not in to_text([result])


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ("order", "depend on the order"),
        ("state", "an episode changes the learner"),
        ("determinism", "dropout"),
    ],
)
def test_a_failed_check_is_marked_wherever_the_number_stands(
    make_result, check: str, said: str
) -> None:
    result = make_result(checks=Checks(**{check: False}))
    (remark,) = remarks(result)
    assert said in remark
    assert is_unsteady(result)
    text = to_text([result])
    assert "¶" in text
    assert "¶ not repeatable" in text
    assert r"\mathparagraph" in to_latex([result])
    assert remark in provenance(Cell.of(result))["Origin"].values()


def test_old_results_have_one_check_alone(make_result) -> None:
    assert is_unsteady(make_result(deterministic=False))
    assert not is_unsteady(make_result(deterministic=True))


def test_equal_features_get_a_remark_and_no_mark(make_result) -> None:
    result = make_result(checks=Checks(True, True, True, False))
    assert "all images have equal features" in remarks(result)[0]
    assert not is_unsteady(result)
