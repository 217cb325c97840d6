"""What does not fit without doubt is refused, and the error names it."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from fewbench.baselines.backbones import BACKBONES, conv4
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.weights.layers import slots_of
from fewbench.baselines.weights.matching import Matcher
from fewbench.baselines.weights.tensor_file import read_tensor_file
from fewbench_tests import foreign_weights as foreign
from fewbench_tests.foreign_weights import State

STATE = foreign.trained_state()
NUMBERED = foreign.renamed(STATE, "conv{1}.", "bn{1}.")


def without(state: State, *names: str) -> State:
    return {name: value for name, value in state.items() if name not in names}


def match(state: State, path: Path, save: Callable[[State, Path], Path]) -> str:
    file = read_tensor_file(save(state, path))
    slots = slots_of(conv4(foreign.SHAPE, foreign.WIDTH))
    return Matcher(file, slots, "conv4-4", ()).match().kind


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (STATE, "names"),
        ({f"net.{name}": value for name, value in STATE.items()}, "names"),
        (NUMBERED, "layers"),
    ],
)
def test_the_way_of_matching_is_told(state: State, kind: str, tmp_path: Path) -> None:
    assert match(state, tmp_path / "w", foreign.save_torch) == kind


def test_arrays_without_names_are_matched_by_order(tmp_path: Path) -> None:
    path = foreign.save_npz(foreign.unnamed(STATE), tmp_path / "w")
    slots = slots_of(conv4(foreign.SHAPE, foreign.WIDTH))

    found = Matcher(read_tensor_file(path), slots, "conv4-4", ()).match()

    assert found.kind == "order"
    assert found.layers[2].tensors == {"weight": "arr_6"}
    assert found.layers[1].tensors["running_var"] == "arr_4"


def renumbered() -> State:
    """Blocks whose numbers run against their order in the file."""
    changed: State = {}
    for name, value in NUMBERED.items():
        number = int(name.partition(".")[0][-1])
        changed[name.replace(f"{number}.", f"{5 - number}.", 1)] = value
    return changed


def lettered() -> State:
    words = dict(zip("1234", ("one", "two", "three", "four"), strict=True))
    changed: State = {}
    for name, value in NUMBERED.items():
        layer, _, role = name.partition(".")
        changed[f"{layer[:-1]}_{words[layer[-1]]}.{role}"] = value
    return changed


def tensorflow() -> State:
    changed: State = {}
    for name, value in NUMBERED.items():
        changed[name] = value.permute(2, 3, 1, 0) if value.ndim == 4 else value
    return changed


def two_networks() -> State:
    other = foreign.trained_state(1)
    state = {f"online.{name}": value for name, value in STATE.items()}
    return state | {f"target.{name}": value for name, value in other.items()}


REFUSED = {
    "missing": (without(STATE, "1.1.running_var"), r"1\.1\.running_var is missing"),
    "missing, other names": (
        without(NUMBERED, "bn3.running_mean"),
        r"2\.1\.running_mean is missing: the layer bn3 has weight, bias, running_var",
    ),
    "a missing layer": (
        without(NUMBERED, "conv4.weight"),
        r"expected 3 layers .* got 2: conv2, conv3",
    ),
    "a layer too many": (
        {**NUMBERED, "conv5.weight": torch.rand(4, 4, 3, 3)},
        r"got 4: conv2, conv3, conv4, conv5.*--drop conv5",
    ),
    "left over": (
        {**STATE, "encoder.fc.weight": torch.rand(9, 4)},
        r"left over: encoder\.fc\.weight \(9, 4\)\. Leave them out: --drop encoder$",
    ),
    "another shape": (
        {**STATE, "0.1.bias": torch.rand(5)},
        r"0\.1\.bias: expected the shape \(4,\), got \(5,\)",
    ),
    "numbers against order": (
        renumbered(),
        r"order of the 3 layers .* ambiguous.*Rename them as in conv4-4: 1\.0, 2\.0, 3\.0",
    ),
    "two networks": (
        two_networks(),
        r"holds two networks that fit: online\. and target\.\. .*--drop target$",
    ),
    "kernels of TensorFlow": (tensorflow(), r"transpose it \(3, 2, 0, 1\)"),
    "colour": (
        {**NUMBERED, "conv1.weight": torch.rand(4, 3, 3, 3)},
        r"images with 3 channels",
    ),
    "nothing fits": (
        {"a": torch.rand(3), "b": torch.rand(2)},
        r"got a \(3,\), b \(2,\)",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_by_name(name: str, tmp_path: Path) -> None:
    state, words = REFUSED[name]

    with pytest.raises(BaselineError, match=words) as caught:
        match(state, tmp_path / "weights.pt", foreign.save_torch)

    assert str(caught.value).startswith("weights.pt as conv4-4: ")
    assert "\n" not in str(caught.value)


def test_a_file_without_an_order_needs_numbers_in_its_names(tmp_path: Path) -> None:
    assert match(lettered(), tmp_path / "a", foreign.save_torch) == "layers"
    with pytest.raises(BaselineError, match=r"ambiguous.*Rename them"):
        match(lettered(), tmp_path / "b", foreign.save_safetensors)


def resnet12(conv: str, norm: str, *, shortcut_first: bool = False) -> State:
    """A resnet12 with the names that its authors gave; `{0}` is the block, `{1}` the layer."""
    state = BACKBONES["resnet12"](foreign.SHAPE, 4).state_dict()
    changed: State = {}
    shortcuts: State = {}
    for name, value in state.items():
        block, _, branch, place, role = name.split(".")
        if branch == "shortcut":
            shortcuts[f"layer{block}.downsample.{place}.{role}"] = value
        else:
            pattern = norm if int(place) % 3 else conv
            layer = pattern.format(block, 1 + int(place) // 3)
            changed[f"{layer}.{role}"] = value
    return shortcuts | changed if shortcut_first else changed | shortcuts


def test_a_shortcut_is_told_from_its_block_by_the_order_of_the_file(
    tmp_path: Path,
) -> None:
    network = BACKBONES["resnet12"](foreign.SHAPE, 4)
    names = ("layer{0}.conv{1}", "layer{0}.bn{1}")
    # The norms of a block and of its shortcut have the same shape.
    path = foreign.save_torch(by_block(resnet12(*names)), tmp_path / "a")
    found = Matcher(read_tensor_file(path), slots_of(network), "resnet12-4", ()).match()
    slots = slots_of(network)
    for slot, layer in zip(slots, found.layers, strict=True):
        assert ("shortcut" in slot.layer.name) == ("downsample" in layer.name)
        assert slot.layer.name[0] == layer.name[len("layer")]

    first = by_block(resnet12(*names, shortcut_first=True))
    file = read_tensor_file(foreign.save_torch(first, tmp_path / "b"))
    with pytest.raises(BaselineError, match="order of the 16 layers .* ambiguous"):
        Matcher(file, slots, "resnet12-4", ()).match()
    file = read_tensor_file(foreign.save_safetensors(first, tmp_path / "c"))
    with pytest.raises(BaselineError, match="order of the 4 layers .* ambiguous"):
        Matcher(file, slots, "resnet12-4", ()).match()


def by_block(state: State) -> State:
    return dict(sorted(state.items(), key=lambda item: item[0].partition(".")[0]))
