"""Group tensors into layers: those of a file by their names, those of a network by its modules."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

# What a tensor is in its layer: the last part of its name.
COUNTER = "num_batches_tracked"
ROLES = "weight", "bias", "running_mean", "running_var", COUNTER
_NAME = re.compile(rf"(?P<layer>.*?)[./_]?(?P<role>{'|'.join(ROLES)})")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Layer:
    """The tensors of a layer.

    name: the name of the layer; "" if a file does not name it
    kind: "conv", "linear" or "norm"
    shape: the shape of its kernel or, for a norm, of each of its tensors
    tensors: role -> name of the tensor
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    tensors: Mapping[str, str]


@dataclass(frozen=True)
class Slot:
    """A layer of a network that takes tensors from a file.

    required: the roles that a file must have
    norm: the name of the norm that follows a layer without a bias; None if there is none.
        It can take over the bias of a file.
    """

    layer: Layer
    required: tuple[str, ...]
    norm: str | None = None


def slots_of(network: nn.Module) -> list[Slot]:
    """Return the slots of a network, in the order of its layers."""
    named = []
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear | _BatchNorm):
            named.append((name, module))
    followers = [*named[1:], ("", None)]
    slots: list[Slot] = []
    for (name, module), (next_name, follower) in zip(named, followers, strict=True):
        norm = next_name if isinstance(follower, _BatchNorm) else None
        slots.append(_slot(name, module, norm))
    return slots


def _slot(name: str, module: nn.Module, norm: str | None) -> Slot:
    tensors: dict[str, str] = {}
    for role, tensor in module.state_dict().items():
        if tensor is not None and role != COUNTER:
            tensors[role] = f"{name}.{role}"
    required = tuple(tensors)
    shape = tuple(module.state_dict()["weight"].shape)
    kind = _kind(shape)
    if kind == "norm" and "running_mean" not in tensors:
        # The scale of a norm with batch statistics is 1 where a file has none.
        required = ("bias",)
    return Slot(Layer(name, kind, shape, tensors), required, norm)


def layers_of_file(tensors: Mapping[str, Tensor]) -> list[Layer] | None:
    """Group the tensors of a file into layers; return None if a name has no role.

    Counters of batches are left out.
    """
    grouped: dict[str, dict[str, str]] = {}
    for name in tensors:
        found = _NAME.fullmatch(name)
        if found is None:
            return None
        if found["role"] != COUNTER:
            grouped.setdefault(found["layer"], {})[found["role"]] = name
    layers: list[Layer] = []
    for layer_name, names in grouped.items():
        first = names.get("weight") or next(iter(names.values()))
        shape = tuple(tensors[first].shape)
        layers.append(Layer(layer_name, _kind(shape), shape, names))
    return layers


def _kind(shape: Sequence[int]) -> str:
    kinds = {1: "norm", 2: "linear", 4: "conv"}
    return kinds.get(len(shape), "other")


def in_order(layers: Sequence[Layer], order: Sequence[str]) -> list[Layer] | None:
    """Put alike layers of a file into the order of their network.

    Their order follows from the numbers in their names, or from the order in the file. Return
    None if it follows from neither, or if the two disagree.

    order: the names of all tensors as the file has them; empty if it keeps no order
    """
    templates = {_DIGITS.sub("#", layer.name) for layer in layers}
    by_number = sorted(layers, key=lambda layer: natural(layer.name))
    # A file with sorted names says nothing about the order of its layers.
    says_order = list(order) != sorted(order)
    if len(layers) == 1:
        return list(layers)
    if not says_order:
        return by_number if len(templates) == 1 else None
    places = {name: place for place, name in enumerate(order)}
    by_file = sorted(layers, key=lambda layer: min(_places(layer, places)))
    if len(templates) == 1 and by_file != by_number:
        return None
    return by_file


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts names with their numbers as numbers: block2 before block10."""
    parts: list[tuple[int, str]] = []
    for part in re.split(r"(\d+)", name):
        is_number = part.isascii() and part.isdigit()
        parts.append((int(part[:18]), "") if is_number else (-1, part))
    return parts


def _places(layer: Layer, places: Mapping[str, int]) -> Iterator[int]:
    for name in layer.tensors.values():
        yield places[name]
