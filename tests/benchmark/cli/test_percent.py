import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from fewbench.benchmark.cli.percent import accuracy, digits, points, risk


@given(value=st.decimals("0.0001", "99.9", allow_nan=False, places=4))
def test_percent_points_are_read_as_written(value) -> None:
    for text in (f"{value}%", f" {value} % ", f"+{value}%"):
        assert points(text) == accuracy(text) == float(value) / 100
    assert accuracy(f"{float(value) / 100!r}") == float(value) / 100


@given(text=st.text(max_size=12))
def test_anything_else_is_refused_with_a_sentence(text) -> None:
    try:
        value = points(text)
    except typer.BadParameter as error:
        value, said = None, str(error)
        refused = any(
            word in said for word in ("expected a percentage", "without a %", "Type ")
        )
    else:
        refused = False
    assert refused or (value and (text.strip().endswith("%") or value < 0.05))


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("0.1", "Type 0.1% for 0.1 points, or 10%"),
        ("98.8", "Type 98.8%"),
        ("high", "got 'high'"),
        ("100%", "got '100%'"),
        ("0", "got '0'"),
    ],
)
def test_what_is_refused_gets_advice(text: str, advice: str) -> None:
    with pytest.raises(typer.BadParameter) as raised:
        points(text)
    assert advice in str(raised.value)


def test_an_accuracy_may_be_a_plain_fraction() -> None:
    assert accuracy("0.95") == 0.95
    assert points("0.04") == 0.04
    assert (digits(95.0), digits(0.123456), digits(99.87654)) == (
        "95",
        "0.1235",
        "99.88",
    )


@pytest.mark.parametrize(
    ("text", "value"), [("5%", 0.05), ("0.05", 0.05), ("49%", 0.49)]
)
def test_a_risk_may_be_a_plain_fraction(text: str, value: float) -> None:
    assert risk(text) == value


@pytest.mark.parametrize("text", ["50%", "0.5", "95%"])
def test_a_risk_of_half_or_more_is_refused(text: str) -> None:
    with pytest.raises(
        typer.BadParameter,
        match="expected a risk of at least 0.0001% and below 50 %, got",
    ):
        risk(text)
