import pytest
import torch

from fewbench.baselines.backbones import conv4
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.weights.by_names import match_by_names, wanted_shapes
from fewbench.baselines.weights.layers import slots_of
from fewbench_tests import foreign_weights as foreign
from fewbench_tests.foreign_weights import State

STATE = foreign.trained_state()
SLOTS = slots_of(conv4(foreign.SHAPE, foreign.WIDTH))
WANTED = wanted_shapes(SLOTS)


def under(prefix: str, state: State = STATE) -> State:
    return {prefix + name: value for name, value in state.items()}


def part(n_tensors: int) -> State:
    """The first tensors that a file must have."""
    return {name: STATE[name] for name in list(WANTED)[:n_tensors]}


def test_what_a_file_must_have_is_the_state_without_counters() -> None:
    shapes = {}
    for name, value in STATE.items():
        if not name.endswith("num_batches_tracked"):
            shapes[name] = tuple(value.shape)

    assert shapes == WANTED


@pytest.mark.parametrize("prefix", ["", "net.", "module.encoder."])
def test_our_names_are_found_after_a_prefix(prefix: str) -> None:
    extra = {f"{prefix}0.0.bias": torch.rand(4), "fc.weight": torch.rand(9, 4)}

    found = match_by_names(under(prefix) | extra, SLOTS, "net.pt")

    assert found is not None
    assert [layer.name for layer in found] == [
        prefix + slot.layer.name for slot in SLOTS
    ]
    assert found[0].tensors == {
        "weight": f"{prefix}0.0.weight",
        "bias": f"{prefix}0.0.bias",
    }
    assert found[1].tensors["running_var"] == f"{prefix}0.1.running_var"


def test_half_of_our_tensors_are_enough() -> None:
    half = len(WANTED) // 2

    assert match_by_names(part(half), SLOTS, "net.pt") is not None
    assert match_by_names(part(half - 1), SLOTS, "net.pt") is None


def test_other_names_and_other_shapes_are_no_match() -> None:
    longer = {name: value.repeat(2, *value.shape) for name, value in part(20).items()}

    assert match_by_names(longer, SLOTS, "net.pt") is None
    # A prefix ends in a point.
    assert match_by_names(under("net"), SLOTS, "net.pt") is None
    assert match_by_names({}, SLOTS, "net.pt") is None


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ("online.", r"online\. and target\.\. Leave one out: --drop target$"),
        ("", r"no prefix and target\.\. Leave one out: --drop target$"),
    ],
)
def test_two_networks_that_fit_are_refused(first: str, words: str) -> None:
    both = under(first) | under("target.", foreign.trained_state(1))

    with pytest.raises(BaselineError, match=words) as caught:
        match_by_names(both, SLOTS, "net.pt as conv4-4")

    assert str(caught.value).startswith("net.pt as conv4-4: holds two networks")
    assert "\n" not in str(caught.value)
