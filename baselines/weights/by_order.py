"""Match tensors without names that say anything, such as arr_0: by their order and shape."""

import itertools
from collections.abc import Mapping, Sequence

from torch import Tensor

from .layers import COUNTER, Layer, Shape, Slot, natural

# A file may have all biases before norms or none, all counters or none, and all tensors of
# our norms or those without which they cannot do.
_CHOICES = list(itertools.product((False, True), repeat=3))
# The place of the slot, the role and the shape of each tensor.
_Wanted = list[tuple[int, str, Shape]]


def match_by_order(
    tensors: Mapping[str, Tensor],
    order: Sequence[str],
    slots: Sequence[Slot],
) -> list[Layer] | None:
    """Return a layer for each slot, or None if the shapes do not come in the order of slots.

    All layers before norms may have biases, and all norms counters. The tensors of a layer
    come in PyTorch's order: weight, bias, running mean, running variance, counter.

    order: the names as the file has them; empty if it keeps no order
    """
    names = list(order) or sorted(tensors, key=natural)
    shapes = [tuple(tensors[name].shape) for name in names]
    for has_biases, has_counters, required_only in _CHOICES:
        wanted = _wanted(
            slots,
            has_biases,
            has_counters,
            required_only,
        )
        wanted_shapes = [shape for _, _, shape in wanted]
        if wanted_shapes == shapes:
            return _layers(slots, wanted, names)
    return None


def _wanted(
    slots: Sequence[Slot],
    has_biases: bool,
    has_counters: bool,
    required_only: bool,
) -> _Wanted:
    """Return the slot, the role and the shape of each tensor, in order."""
    wanted: _Wanted = []
    for place, slot in enumerate(slots):
        layer = slot.layer
        roles = list(layer.tensors)
        if required_only:
            roles = list(slot.required)
        lacks_bias = slot.norm is not None and "bias" not in roles
        if lacks_bias and has_biases:
            roles.append("bias")
        for role in roles:
            shape = slot.shape_of(role)
            wanted.append((place, role, shape))
        if layer.kind == "norm" and has_counters:
            wanted.append((place, COUNTER, ()))
    return wanted


def _layers(
    slots: Sequence[Slot],
    wanted: _Wanted,
    names: Sequence[str],
) -> list[Layer]:
    tensors: list[dict[str, str]] = [{} for _ in slots]
    for (place, role, _), name in zip(wanted, names, strict=True):
        tensors[place][role] = name
    layers: list[Layer] = []
    for slot, found in zip(slots, tensors, strict=True):
        ours = slot.layer
        layers.append(Layer("", ours.kind, ours.shape, found))
    return layers
