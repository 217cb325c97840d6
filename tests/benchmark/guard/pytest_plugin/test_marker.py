"""The marker says what it means, or an error says what it should be."""

from typing import Any

import pytest

from fewbench.benchmark.guard.pytest_plugin.marker import Marker, read_marker
from fewbench.errors import UserError


def test_a_marker_without_keywords_changes_nothing() -> None:
    assert read_marker((), {}) == Marker("quick", None, None)


def test_keywords_are_read() -> None:
    marker = read_marker((), {"tier": "nightly", "margin": "0.3%", "alpha": 0.01})

    assert marker.tier == "nightly"
    assert marker.margin == pytest.approx(0.003)
    assert marker.alpha == 0.01


@pytest.mark.parametrize(
    ("args", "keywords", "what"),
    [
        (("nightly",), {}, "expected keywords alone, got 'nightly'"),
        (
            (),
            {"teir": "nightly"},
            "expected the keywords tier, margin, alpha, got teir",
        ),
        ((), {"tier": "weekly"}, "expected tier 'quick' or 'nightly', got 'weekly'"),
        ((), {"tier": ["quick"]}, "expected tier"),
        ((), {"margin": "half"}, "margin: expected a percentage"),
        ((), {"alpha": 5}, "alpha: expected a percentage"),
    ],
)
def test_mistakes_are_refused_with_an_example(
    args: tuple[object, ...], keywords: dict[str, Any], what: str
) -> None:
    with pytest.raises(UserError, match=what) as refused:
        read_marker(args, keywords)
    assert "Write for example" in str(refused.value)
