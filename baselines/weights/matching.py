"""Decide which tensor of a file belongs to which tensor of a network.

Three ways are tried, in this order:
- by names: the file has the names of our network, perhaps after a prefix
- by layers: the names say what each tensor is in its layer, such as conv1.weight. Layers of
  the same kind and shape are taken in their order.
- by order: the names say nothing, so the shapes must come in the order of the network
Whatever remains unclear is an error. Nothing is guessed.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from fewbench.documents import shown

from ..learner import BaselineError
from .by_order import match_by_order
from .copies import copies_in
from .layers import COUNTER, Layer, Slot, in_order, layers_of_file
from .tensor_file import TensorFile

# A match by names needs this share of the network's tensors. The rest is then missing.
_LEAST_NAMED = 0.5


@dataclass(frozen=True)
class Match:
    """The layer of a file for each slot of a network.

    kind: "names", "layers" or "order"
    layers: one for each slot
    copies: name of a copy -> name of the first
    """

    kind: str
    layers: list[Layer]
    copies: dict[str, str]


class Matcher:
    """Matches the tensors of a file to the slots of a network.

    network: the name of the network, such as "conv4-64", for errors
    drop: the starts of names that the user leaves out
    """

    def __init__(
        self, file: TensorFile, slots: Sequence[Slot], network: str, drop: Sequence[str]
    ) -> None:
        self.file = file
        self.slots = slots
        self.network = network
        self.tensors = kept_tensors(file, drop)
        self.copies = copies_in(self.tensors)
        for name in self.copies:
            del self.tensors[name]
        self.order = tuple(self.tensors) if file.keeps_order else ()

    def match(self) -> Match:
        """Match all tensors.

        Raises BaselineError if tensors are missing or left over, if shapes differ, or if two
        assignments are possible.
        """
        prefix = self._prefix()
        layers = layers_of_file(self.tensors)
        if prefix is not None:
            return self._checked("names", self._by_names(prefix))
        if layers is not None:
            return self._checked("layers", self._by_layers(layers))
        found = match_by_order(self.tensors, self.order, self.slots)
        if found is None:
            raise self._error(
                f"neither the names nor the order of the tensors fit: expected "
                f"{_listed(self._expected())}, got {_listed(self._shapes(self.tensors))}",
                self._advice(),
            )
        return self._checked("order", found)

    def _prefix(self) -> str | None:
        """Return what stands before the names of our network; None if it has other names."""
        hits: Counter[str] = Counter()
        wanted = self._wanted()
        for name, tensor in self.tensors.items():
            for ours, shape in wanted.items():
                prefix = name.removesuffix(ours)
                is_end = name.endswith(ours) and (not prefix or prefix.endswith("."))
                if is_end and tuple(tensor.shape) == shape:
                    hits[prefix] += 1
        best = hits.most_common(2)
        if not best or best[0][1] < _LEAST_NAMED * len(wanted):
            return None
        if len(best) > 1 and best[0][1] == best[1][1]:
            names = [shown(prefix) or "no prefix" for prefix, _ in best]
            raise self._error(
                f"holds two networks that fit: {names[0]} and {names[1]}",
                f"Leave one out: --drop {names[1].removesuffix('.')}",
            )
        return best[0][0]

    def _by_names(self, prefix: str) -> list[Layer]:
        layers: list[Layer] = []
        for slot in self.slots:
            ours = slot.layer
            name = prefix + ours.name
            tensors: dict[str, str] = {}
            for role in ("weight", "bias", "running_mean", "running_var"):
                if f"{name}.{role}" in self.tensors:
                    tensors[role] = f"{name}.{role}"
            layers.append(Layer(name, ours.kind, ours.shape, tensors))
        return layers

    def _by_layers(self, layers: Sequence[Layer]) -> list[Layer]:
        """Take alike layers in their order."""
        chosen: dict[str, Layer] = {}
        groups = {(slot.layer.kind, slot.layer.shape) for slot in self.slots}
        for group in sorted(groups):
            ours = [
                slot.layer.name for slot in self.slots if _group(slot.layer) == group
            ]
            theirs = [layer for layer in layers if _group(layer) == group]
            if len(theirs) != len(ours):
                raise self._wrong_number(group, ours, theirs)
            ordered = in_order(theirs, self.order)
            if ordered is None:
                names = ", ".join(shown(layer.name) for layer in theirs)
                raise self._error(
                    f"the order of the {len(theirs)} layers {names} is ambiguous: expected "
                    f"numbers in their names that agree with their order in the file",
                    f"Rename them as in {self.network}: {', '.join(ours)}",
                )
            chosen |= dict(zip(ours, ordered, strict=True))
        return [chosen[slot.layer.name] for slot in self.slots]

    def _checked(self, kind: str, layers: list[Layer]) -> Match:
        used: set[str] = set()
        for slot, layer in zip(self.slots, layers, strict=True):
            self._check_layer(slot, layer)
            used.update(layer.tensors.values())
        left_over: list[str] = []
        for name in self.tensors:
            if name not in used and not name.endswith(COUNTER):
                left_over.append(name)
        if left_over:
            part = self._part_of(left_over[0], used)
            raise self._error(
                f"tensors are left over: {_listed(self._shapes(left_over))}",
                f"Leave them out: --drop {part}",
            )
        return Match(kind, layers, self.copies)

    def _check_layer(self, slot: Slot, layer: Layer) -> None:
        for role in slot.required:
            if role not in layer.tensors:
                missing = slot.layer.tensors[role]
                advice = "Choose another --backbone, or save the whole state dict"
                if role.startswith("running"):
                    advice = (
                        "If the network was trained with the statistics of its batch, as "
                        "MAML is, add --head maml"
                    )
                raise self._error(
                    f"{missing} is missing: the layer {shown(layer.name)} has "
                    f"{', '.join(layer.tensors) or 'no tensor'}",
                    advice,
                )
        for role, name in layer.tensors.items():
            shape = slot.layer.shape
            if role == COUNTER:
                continue
            if role != "weight" and slot.layer.kind != "norm":
                shape = shape[:1]
            got = tuple(self.tensors[name].shape)
            if got != shape:
                raise self._error(
                    f"{shown(name)}: expected the shape {shape}, got {got}",
                    self._advice(),
                )

    def _wrong_number(
        self, group: tuple[str, tuple[int, ...]], ours: list[str], theirs: list[Layer]
    ) -> BaselineError:
        kind, shape = group
        names = ", ".join(shown(layer.name) for layer in theirs) or "none"
        advice = self._advice()
        if len(theirs) > len(ours):
            advice = f"Leave some out: --drop {shown(theirs[-1].name)}"
        return self._error(
            f"expected {len(ours)} layers of the kind {kind} and the shape {shape} (for "
            f"{', '.join(ours)}), got {len(theirs)}: {names}",
            advice,
        )

    def _advice(self) -> str:
        """Return what to type if the shapes are those of another network."""
        for name, tensor in self.tensors.items():
            shape = tuple(tensor.shape)
            if len(shape) != 4:
                continue
            first = self.slots[0].layer.shape
            if shape[:2] == (3, 3):
                return (
                    f"{shown(name)} is in TensorFlow's order: transpose it (3, 2, 0, 1)"
                )
            if len(first) == 4 and shape[1:] == first[1:] and shape[0] != first[0]:
                return f"Type --width {shape[0]}, or choose another --backbone"
            if len(first) == 4 and shape[1] != first[1]:
                return (
                    f"The network takes images with {shape[1]} channels: choose another "
                    f"protocol, or another --backbone"
                )
            break
        return "Choose another --backbone or --width"

    def _part_of(self, name: str, used: set[str]) -> str:
        """Return the shortest start of a name that no used tensor has."""
        parts = name.split(".")
        for length in range(1, len(parts)):
            start = ".".join(parts[:length])
            if not any(is_part(other, start) for other in used):
                return shown(start)
        return shown(name)

    def _wanted(self) -> dict[str, tuple[int, ...]]:
        """Return the names and shapes of our tensors that a file must have."""
        wanted: dict[str, tuple[int, ...]] = {}
        for slot in self.slots:
            for role in slot.required:
                is_matrix = role == "weight" or slot.layer.kind == "norm"
                shape = slot.layer.shape if is_matrix else slot.layer.shape[:1]
                wanted[slot.layer.tensors[role]] = shape
        return wanted

    def _expected(self) -> list[str]:
        return [f"{name} {shape}" for name, shape in self._wanted().items()]

    def _shapes(self, names: Sequence[str] | Mapping[str, Tensor]) -> list[str]:
        return [f"{shown(name)} {tuple(self.tensors[name].shape)}" for name in names]

    def _error(self, what: str, advice: str) -> BaselineError:
        return BaselineError(f"{self.file.name} as {self.network}: {what}. {advice}")


def kept_tensors(file: TensorFile, drop: Sequence[str]) -> dict[str, Tensor]:
    """Return the tensors of a file without those that the user leaves out.

    Raises BaselineError if a text in `drop` fits no tensor.
    """
    kept = dict(file.tensors)
    for start in drop:
        dropped = [name for name in kept if is_part(name, start)]
        if not dropped:
            names = _listed([shown(name) for name in file.tensors])
            raise BaselineError(
                f"--drop {start}: expected the start of a name in {file.name}, got none "
                f"of {names}. Omit it, or correct it"
            )
        for name in dropped:
            del kept[name]
    return kept


def is_part(name: str, start: str) -> bool:
    """Return whether a tensor is called `start`, or lies in the part of this name."""
    rest = name.removeprefix(start)
    return name.startswith(start) and (not rest or rest[0] in "./_")


def _group(layer: Layer) -> tuple[str, tuple[int, ...]]:
    return layer.kind, layer.shape


def _listed(words: Sequence[str]) -> str:
    """Return the first words, and the number of the others."""
    listed = ", ".join(words[:8])
    if len(words) > 8:
        listed += f" and {len(words) - 8} more"
    return listed
