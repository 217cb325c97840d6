import pytest
import torch

from fewbench.baselines.backbones import BACKBONES, batch_norm, conv4
from fewbench.baselines.weights.by_order import match_by_order
from fewbench.baselines.weights.layers import slots_of
from fewbench_tests import foreign_weights as foreign

SLOTS = slots_of(conv4(foreign.SHAPE, foreign.WIDTH))
STATE = foreign.trained_state()
PLAIN = {k: v for k, v in STATE.items() if not k.endswith("num_batches_tracked")}


def numbered(state: foreign.State) -> foreign.State:
    return {f"arr_{i}": value for i, value in enumerate(state.values())}


@pytest.mark.parametrize(
    "state", [STATE, PLAIN, foreign.with_biases(STATE), foreign.with_biases(PLAIN)]
)
def test_counters_and_biases_may_be_there_or_not(state: foreign.State) -> None:
    tensors = numbered(state)

    # Without an order in the file, the numbers in the names give it: arr_10 after arr_9.
    found = match_by_order(dict(sorted(tensors.items())), (), SLOTS)

    assert found is not None
    names = list(state)
    for slot, layer in zip(SLOTS, found, strict=True):
        for role, theirs in layer.tensors.items():
            original = names[list(tensors).index(theirs)]
            assert original == f"{slot.layer.name}.{role}"


def test_a_norm_by_batch_needs_its_shift_alone() -> None:
    slots = slots_of(conv4(foreign.SHAPE, foreign.WIDTH, batch_norm))
    state = {k: v for k, v in PLAIN.items() if "running" not in k}
    shifts = {k: v for k, v in state.items() if not k.endswith("1.weight")}

    for kept in (state, shifts):
        assert match_by_order(numbered(kept), (), slots) is not None


def test_every_backbone_is_matched_by_its_own_order() -> None:
    for make in BACKBONES.values():
        network = make((28, 28, 1), 4)
        state = network.state_dict()
        tensors = numbered(state)
        found = match_by_order(tensors, tuple(tensors), slots_of(network))
        assert found is not None
        assert sum(len(layer.tensors) for layer in found) == len(state)


def test_another_order_or_number_fits_not() -> None:
    reverse = dict(reversed(numbered(PLAIN).items()))
    assert match_by_order(reverse, tuple(reverse), SLOTS) is None
    longer = {**numbered(PLAIN), "more": torch.zeros(4)}
    assert match_by_order(longer, tuple(longer), SLOTS) is None
