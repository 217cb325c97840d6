"""Match tensors that have the names of our network, perhaps after a prefix."""

from collections import Counter
from collections.abc import Mapping, Sequence

from torch import Tensor

from fewbench.documents import shown

from ..learner import BaselineError
from .layers import Layer, Shape, Slot
from .left_out import drop_option

# A match needs this share of the network's tensors. The rest is then missing.
_LEAST_NAMED = 0.5


def match_by_names(
    tensors: Mapping[str, Tensor],
    slots: Sequence[Slot],
    where: str,
) -> list[Layer] | None:
    """Return a layer for each slot, or None if the tensors have other names.

    where: the file and the network, such as "net.pt as conv4-64", for errors
    Raises BaselineError if the tensors of two networks fit.
    """
    prefix = _prefix(tensors, slots, where)
    if prefix is None:
        return None
    layers: list[Layer] = []
    for slot in slots:
        ours = slot.layer
        name = prefix + ours.name
        found: dict[str, str] = {}
        for role in ("weight", "bias", "running_mean", "running_var"):
            if f"{name}.{role}" in tensors:
                found[role] = f"{name}.{role}"
        layers.append(Layer(name, ours.kind, ours.shape, found))
    return layers


def wanted_shapes(slots: Sequence[Slot]) -> dict[str, Shape]:
    """Return the names and shapes of our tensors that a file must have."""
    wanted: dict[str, Shape] = {}
    for slot in slots:
        for role in slot.required:
            name = slot.layer.tensors[role]
            wanted[name] = slot.shape_of(role)
    return wanted


def _prefix(
    tensors: Mapping[str, Tensor],
    slots: Sequence[Slot],
    where: str,
) -> str | None:
    """Return what stands before the names of our network; None if they are others."""
    wanted = wanted_shapes(slots)
    hits = _hits(tensors, wanted)
    (best, n_hits), (second, n_second) = hits.most_common(2)
    if n_hits < _LEAST_NAMED * len(wanted):
        return None
    if n_hits == n_second:
        first_name = shown(best) or "no prefix"
        second_name = shown(second) or "no prefix"
        part = second.removesuffix(".")
        raise BaselineError(
            f"{where}: holds two networks that fit: {first_name} and {second_name}. "
            f"Leave one out: {drop_option(part)}"
        )
    return best


def _hits(
    tensors: Mapping[str, Tensor],
    wanted: Mapping[str, Shape],
) -> Counter[str]:
    """Count the tensors of our names and shapes for each prefix, two at least."""
    # No name starts with these two, as all prefixes end in a point.
    hits = Counter({"first": 0, "second": 0})
    for name, tensor in tensors.items():
        shape = tuple(tensor.shape)
        for ours, our_shape in wanted.items():
            prefix = name.removesuffix(ours)
            is_prefix = not prefix or prefix.endswith(".")
            is_ours = name.endswith(ours) and is_prefix
            if is_ours and shape == our_shape:
                hits[prefix] += 1
    return hits
