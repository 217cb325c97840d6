import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fewbench.baselines.backbones import BACKBONES, batch_norm
from fewbench.baselines.weights.layers import (
    Layer,
    in_order,
    layers_of_file,
    natural,
    slots_of,
)


def test_a_network_has_a_slot_for_each_layer_with_weights() -> None:
    slots = slots_of(BACKBONES["conv4"]((28, 28, 1), 4))

    assert [slot.layer.name for slot in slots[:4]] == ["0.0", "0.1", "1.0", "1.1"]
    assert [slot.layer.kind for slot in slots[:2]] == ["conv", "norm"]
    assert [slot.norm for slot in slots[:2]] == ["0.1", None]
    assert slots[1].required == ("weight", "bias", "running_mean", "running_var")
    by_batch = slots_of(BACKBONES["conv4"]((28, 28, 1), 4, batch_norm))
    assert by_batch[1].required == ("bias",)


@pytest.mark.parametrize("name", BACKBONES)
def test_each_layer_before_a_norm_knows_it(name: str) -> None:
    slots = slots_of(BACKBONES[name]((28, 28, 1), 8))

    norms = [slot.layer.name for slot in slots if slot.layer.kind == "norm"]
    assert [slot.norm for slot in slots if slot.norm] == norms


def test_names_say_what_a_tensor_is_in_its_layer() -> None:
    scale = torch.zeros(2)
    tensors = {
        "a.conv.weight": torch.zeros(2, 1, 3, 3),
        "a.conv.bias": scale,
        "bn1_weight": scale,
        "bn1_running_mean": scale,
        "bn1_num_batches_tracked": torch.tensor(3),
    }

    layers = layers_of_file(tensors)

    assert layers == [
        Layer(
            "a.conv",
            "conv",
            (2, 1, 3, 3),
            {"weight": "a.conv.weight", "bias": "a.conv.bias"},
        ),
        Layer(
            "bn1",
            "norm",
            (2,),
            {"weight": "bn1_weight", "running_mean": "bn1_running_mean"},
        ),
    ]
    assert layers_of_file({**tensors, "arr_0": scale}) is None


def named(*names: str) -> list[Layer]:
    return [Layer(name, "norm", (2,), {"bias": f"{name}.bias"}) for name in names]


@pytest.mark.parametrize(
    ("names", "keeps_order", "expected"),
    [
        (["b10", "b9"], False, ["b9", "b10"]),
        (["b9", "b10"], True, ["b9", "b10"]),
        (["stem", "body"], True, ["stem", "body"]),
        (["stem", "body"], False, None),
        (["b2", "b1", "b3"], True, None),
        # Sorted names say nothing about the order in the network.
        (["b1", "b10", "b2"], True, ["b1", "b2", "b10"]),
        (["body", "stem"], True, None),
        (["stem"], False, ["stem"]),
    ],
)
def test_an_order_follows_from_numbers_or_from_the_file(
    names: list[str], keeps_order: bool, expected: list[str] | None
) -> None:
    order = [f"{name}.bias" for name in names] if keeps_order else []

    found = in_order(named(*names), order)

    assert (found and [layer.name for layer in found]) == expected


@given(st.lists(st.integers(0, 10**6), min_size=1))
def test_numbers_sort_as_numbers(numbers: list[int]) -> None:
    names = [f"block{number}.conv" for number in numbers]
    expected = [f"block{number}.conv" for number in sorted(numbers)]
    assert sorted(names, key=natural) == expected


@given(st.lists(st.text()))
def test_any_names_can_be_sorted(names: list[str]) -> None:
    assert len(sorted(names, key=natural)) == len(names)
