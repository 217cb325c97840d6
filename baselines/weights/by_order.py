"""Match tensors without names that say anything, such as arr_0: by their order and shape."""

import itertools
from collections.abc import Mapping, Sequence

from torch import Tensor

from .layers import COUNTER, Layer, Slot, natural

_Wanted = list[tuple[int, str, tuple[int, ...]]]


def match_by_order(
    tensors: Mapping[str, Tensor], order: Sequence[str], slots: Sequence[Slot]
) -> list[Layer] | None:
    """Return a layer for each slot, or None if the shapes do not come in the order of slots.

    All layers before norms may have biases, and all norms counters. The tensors of a layer
    come in PyTorch's order: weight, bias, running mean, running variance, counter.

    order: the names as the file has them; empty if it keeps no order
    """
    names = list(order) or sorted(tensors, key=natural)
    shapes = [tuple(tensors[name].shape) for name in names]
    for has_biases, has_counters in itertools.product((False, True), repeat=2):
        for roles_only in (False, True):
            wanted = _wanted(slots, has_biases, has_counters, roles_only)
            if [shape for _, _, shape in wanted] == shapes:
                return _layers(slots, wanted, names)
    return None


def _wanted(
    slots: Sequence[Slot], has_biases: bool, has_counters: bool, required_only: bool
) -> _Wanted:
    """Return the slot, the role and the shape of each tensor, in order."""
    wanted: _Wanted = []
    for place, slot in enumerate(slots):
        layer = slot.layer
        for role in slot.required if required_only else layer.tensors:
            is_whole = role == "weight" or layer.kind == "norm"
            shape = layer.shape if is_whole else layer.shape[:1]
            wanted.append((place, role, shape))
        if layer.kind == "norm" and has_counters:
            wanted.append((place, COUNTER, ()))
        if slot.norm is not None and "bias" not in layer.tensors and has_biases:
            wanted.append((place, "bias", layer.shape[:1]))
    return wanted


def _layers(
    slots: Sequence[Slot], wanted: _Wanted, names: Sequence[str]
) -> list[Layer]:
    tensors: list[dict[str, str]] = [{} for _ in slots]
    for (place, role, _), name in zip(wanted, names, strict=True):
        tensors[place][role] = name
    layers: list[Layer] = []
    for slot, found in zip(slots, tensors, strict=True):
        layers.append(Layer("", slot.layer.kind, slot.layer.shape, found))
    return layers
