"""Group tensors into layers: those of a file by their names, those of a network by its modules."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

Shape = tuple[int, ...]
# What a tensor is in its layer: the last part of its name.
COUNTER = "num_batches_tracked"
ROLES = (
    "weight",
    "bias",
    "running_mean",
    "running_var",
    COUNTER,
)
_ANY_ROLE = "|".join(ROLES)
_NAME = re.compile(rf"(?P<layer>.*?)[./_]?(?P<role>{_ANY_ROLE})")
_LONGEST_NUMBER = 18  # digits
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
    shape: Shape
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

    def shape_of(self, role: str) -> Shape:
        """Return the shape of the tensor of a role."""
        shape = self.layer.shape
        if role == "weight" or self.layer.kind == "norm":
            return shape
        return shape[:1]


def slots_of(network: nn.Module) -> list[Slot]:
    """Return the slots of a network, in the order of its layers."""
    named = []
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear | _BatchNorm):
            named.append((name, module))
    slots: list[Slot] = []
    norm: str | None = None
    # Backwards, so that each layer knows the norm that follows it.
    for name, module in reversed(named):
        slot = _slot(name, module, norm)
        slots.append(slot)
        norm = None
        if isinstance(module, _BatchNorm):
            norm = name
    slots.reverse()
    return slots


def _slot(
    name: str,
    module: nn.Module,
    norm: str | None,
) -> Slot:
    tensors: dict[str, str] = {}
    for role, tensor in module.state_dict().items():
        if tensor is not None and role != COUNTER:
            tensors[role] = f"{name}.{role}"
    required = tuple(tensors)
    weight = module.state_dict()["weight"]
    shape = tuple(weight.shape)
    kind = _kind(shape)
    if kind == "norm" and "running_mean" not in tensors:
        # The scale of a norm with batch statistics is 1 where a file has none.
        required = ("bias",)
    layer = Layer(name, kind, shape, tensors)
    return Slot(layer, required, norm)


def layers_of_file(tensors: Mapping[str, Tensor]) -> list[Layer] | None:
    """Group the tensors of a file into layers; return None if a name has no role.

    Counters of batches are left out.
    """
    grouped: dict[str, dict[str, str]] = {}
    for name in tensors:
        found = _NAME.fullmatch(name)
        if found is None:
            return None
        role = found["role"]
        if role != COUNTER:
            layer = grouped.setdefault(found["layer"], {})
            layer[role] = name
    layers: list[Layer] = []
    for layer_name, names in grouped.items():
        first = next(iter(names.values()))
        kernel = names.get("weight", first)
        shape = tuple(tensors[kernel].shape)
        kind = _kind(shape)
        layers.append(Layer(layer_name, kind, shape, names))
    return layers


def _kind(shape: Sequence[int]) -> str:
    kinds = {1: "norm", 2: "linear", 4: "conv"}
    return kinds.get(len(shape), "other")


def in_order(
    layers: Sequence[Layer],
    order: Sequence[str],
) -> list[Layer] | None:
    """Put alike layers of a file into the order of their network.

    Their order follows from the numbers in their names, or from the order in the file. Return
    None if it follows from neither, or if the two disagree.

    order: the names of all tensors as the file has them; empty if it keeps no order
    """
    if len(layers) == 1:
        return list(layers)
    templates = {_DIGITS.sub("#", layer.name) for layer in layers}
    differ_in_numbers = len(templates) == 1
    by_number = sorted(layers, key=_number)
    # A file with sorted names says nothing about the order of its layers.
    if list(order) == sorted(order):
        return by_number if differ_in_numbers else None
    by_file = _by_file(layers, order)
    if differ_in_numbers and by_file != by_number:
        return None
    return by_file


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts names with their numbers as numbers: block2 before block10."""
    parts: list[tuple[int, str]] = []
    for part in re.split(r"(\d+)", name):
        if part.isascii() and part.isdigit():
            number = int(part[:_LONGEST_NUMBER])
            parts.append((number, ""))
        else:
            parts.append((-1, part))
    return parts


def _number(layer: Layer) -> list[tuple[int, str]]:
    return natural(layer.name)


def _by_file(
    layers: Sequence[Layer],
    order: Sequence[str],
) -> list[Layer]:
    """Sort layers by the place of their first tensor in a file."""
    layer_of: dict[str, Layer] = {}
    for layer in layers:
        for name in layer.tensors.values():
            layer_of[name] = layer
    found: dict[str, Layer] = {}
    for name in order:
        if name in layer_of:
            layer = layer_of[name]
            found.setdefault(layer.name, layer)
    return list(found.values())
