import json

import pytest

from fewbench.benchmark.guard.verdict import Rules, Verdict
from fewbench.errors import UserError


@pytest.mark.parametrize(
    ("outcome", "passes", "strict"),
    [
        ("pass", True, True),
        ("improved", True, True),
        ("undecided", True, False),
        ("fail", False, False),
    ],
)
def test_what_passes(outcome, passes, strict) -> None:
    verdict = Verdict(outcome, "rule", "reason")

    assert verdict.passes() == passes
    assert verdict.passes(strict=True) == strict


def test_a_verdict_is_json() -> None:
    document = Verdict("fail", "rule", "reason", facts={"changed": 3}).document()

    assert json.loads(json.dumps(document))["facts"] == {"changed": 3}


@pytest.mark.parametrize(
    "values",
    [{"margin": 0}, {"margin": 5}, {"alpha": 0.5}, {"alpha": 0}, {"fail": "drop"}],
)
def test_numbers_out_of_range_are_refused(values) -> None:
    with pytest.raises(UserError, match="Divide percentages by 100"):
        Rules(**values)
