from dataclasses import replace

import pytest

from fewbench.baselines.weights.choice import WeightsChoice, settled
from fewbench.errors import UserError

CONV4 = WeightsChoice("conv4", 4)
RELEASED = WeightsChoice("conv4", 32, "maml")


def test_what_the_user_leaves_open_becomes_the_default() -> None:
    open_choice = WeightsChoice("conv4", drop=("fc",))

    assert settled(open_choice, "net.pt") == WeightsChoice(
        "conv4", 64, "protonet", ("fc",)
    )
    own = replace(CONV4, head="maml")
    assert settled(own, "net.pt") == own


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (
            WeightsChoice(),
            r"^weights:net\.pt: expected .* Add for example --backbone conv4",
        ),
        (WeightsChoice("conv5"), "Did you mean 'conv4'"),
        (replace(CONV4, head="svm"), "--head svm: expected one of protonet, maml"),
    ],
)
def test_a_wrong_choice_is_refused_with_advice(
    choice: WeightsChoice, words: str
) -> None:
    with pytest.raises(UserError, match=words) as caught:
        settled(choice, "net.pt")

    assert type(caught.value).__name__ in ("BaselineError", "DataError")
    assert "\n" not in str(caught.value)


def test_a_known_file_brings_all_but_what_is_left_out() -> None:
    expected = replace(RELEASED, drop=("head",))
    open_choice = WeightsChoice(drop=("head",))
    same = replace(RELEASED, drop=("head",))

    assert settled(open_choice, "model", RELEASED) == expected
    assert settled(same, "model", RELEASED) == expected


@pytest.mark.parametrize(
    ("option", "chosen"),
    [("backbone", "resnet12"), ("width", 64), ("head", "protonet")],
)
def test_a_choice_against_a_known_file_is_refused(
    option: str, chosen: str | int
) -> None:
    choice = replace(WeightsChoice(), **{option: chosen})

    with pytest.raises(
        UserError, match=rf"^--{option} {chosen}: model is .* Omit --{option}$"
    ):
        settled(choice, "model", RELEASED)
