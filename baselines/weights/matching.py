"""Decide which tensor of a file belongs to which tensor of a network.

Three ways are tried, in this order:
- by names: the file has the names of our network, perhaps after a prefix
- by layers: the names say what each tensor is in its layer, such as conv1.weight. Layers of
  the same kind and shape are taken in their order.
- by order: the names say nothing, so the shapes must come in the order of the network
Whatever remains unclear is an error. Nothing is guessed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fewbench.documents import shown

from ..learner import BaselineError
from .by_names import match_by_names, wanted_shapes
from .by_order import match_by_order
from .copies import copies_in
from .layers import (
    COUNTER,
    Layer,
    Shape,
    Slot,
    in_order,
    layers_of_file,
)
from .left_out import drop_option, kept_tensors, listed, part_to_drop
from .mismatch import advice_on_shapes
from .tensor_file import TensorFile


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
        self,
        file: TensorFile,
        slots: Sequence[Slot],
        network: str,
        drop: Sequence[str],
    ) -> None:
        self.where = f"{file.name} as {network}"
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
        named = match_by_names(self.tensors, self.slots, self.where)
        if named is not None:
            return self._checked("names", named)
        layers = layers_of_file(self.tensors)
        if layers is not None:
            return self._checked("layers", self._by_layers(layers))
        found = match_by_order(self.tensors, self.order, self.slots)
        if found is None:
            raise self._error(
                f"neither the names nor the order of the tensors fit: expected "
                f"{listed(self._expected())}, got {listed(self._shapes(self.tensors))}",
                self._advice(),
            )
        return self._checked("order", found)

    def _by_layers(self, layers: Sequence[Layer]) -> list[Layer]:
        """Take alike layers in their order."""
        self._check_sequence(layers)
        chosen: dict[str, Layer] = {}
        for group in sorted({_group(slot.layer) for slot in self.slots}):
            ours: list[str] = []
            for slot in self.slots:
                if _group(slot.layer) == group:
                    ours.append(slot.layer.name)
            theirs = [layer for layer in layers if _group(layer) == group]
            if len(theirs) != len(ours):
                raise self._wrong_number(group, ours, theirs)
            ordered = in_order(theirs, self.order)
            if ordered is None:
                raise self._ambiguous(theirs, ours)
            pairs = zip(ours, ordered, strict=True)
            chosen.update(pairs)
        return [chosen[slot.layer.name] for slot in self.slots]

    def _check_sequence(self, layers: Sequence[Layer]) -> None:
        """Check that all kernels come in our order, where the file says an order.

        Otherwise a shortcut that others registered before its block would go unnoticed: its
        norm has the shape of the other norms.
        """
        ours: list[Layer] = []
        for slot in self.slots:
            if slot.layer.kind != "norm":
                ours.append(slot.layer)
        groups = {_group(layer) for layer in ours}
        theirs = [layer for layer in layers if _group(layer) in groups]
        ordered = in_order(theirs, self.order) if theirs else None
        if ordered is None or len(ordered) != len(ours):
            return
        if list(map(_group, ordered)) != list(map(_group, ours)):
            raise self._ambiguous(ordered, [layer.name for layer in ours])

    def _ambiguous(
        self,
        theirs: Iterable[Layer],
        ours: Sequence[str],
    ) -> BaselineError:
        names = [shown(layer.name) for layer in theirs]
        return self._error(
            f"the order of the {len(names)} layers {', '.join(names)} is ambiguous: "
            f"expected the order of {self.network}, by the numbers in their names and, if "
            f"the file keeps it, by their order in the file",
            f"Rename them as in {self.network}: {', '.join(ours)}",
        )

    def _checked(
        self,
        kind: str,
        layers: list[Layer],
    ) -> Match:
        used: set[str] = set()
        for slot, layer in zip(self.slots, layers, strict=True):
            self._check_layer(slot, layer)
            used.update(layer.tensors.values())
        left_over: list[str] = []
        for name in self.tensors:
            if name not in used and not name.endswith(COUNTER):
                left_over.append(name)
        if left_over:
            part = part_to_drop(left_over[0], used)
            raise self._error(
                f"tensors are left over: {listed(self._shapes(left_over))}",
                f"Leave them out: {part}",
            )
        return Match(kind, layers, self.copies)

    def _check_layer(
        self,
        slot: Slot,
        layer: Layer,
    ) -> None:
        for role in slot.required:
            if role not in layer.tensors:
                raise self._missing(slot, layer, role)
        for role, name in layer.tensors.items():
            if role == COUNTER:
                continue
            expected = slot.shape_of(role)
            got = tuple(self.tensors[name].shape)
            if got != expected:
                raise self._error(
                    f"{shown(name)}: expected the shape {expected}, got {got}",
                    self._advice(),
                )

    def _missing(
        self,
        slot: Slot,
        layer: Layer,
        role: str,
    ) -> BaselineError:
        advice = "Choose another --backbone, or save the whole state dict"
        if role.startswith("running"):
            advice = (
                "If the network was trained with the statistics of its batch, as MAML is, "
                "add --head maml"
            )
        there = ", ".join(layer.tensors) or "no tensor"
        return self._error(
            f"{slot.layer.tensors[role]} is missing: the layer {shown(layer.name)} has "
            f"{there}",
            advice,
        )

    def _wrong_number(
        self,
        group: tuple[str, Shape],
        ours: list[str],
        theirs: list[Layer],
    ) -> BaselineError:
        kind, shape = group
        names = ", ".join(shown(layer.name) for layer in theirs) or "none"
        advice = self._advice()
        if len(theirs) > len(ours):
            advice = f"Leave some out: {drop_option(theirs[-1].name)}"
        return self._error(
            f"expected {len(ours)} layers of the kind {kind} and the shape {shape} (for "
            f"{', '.join(ours)}), got {len(theirs)}: {names}",
            advice,
        )

    def _advice(self) -> str:
        return advice_on_shapes(self.tensors, self.slots)

    def _expected(self) -> list[str]:
        wanted = wanted_shapes(self.slots).items()
        return [f"{name} {shape}" for name, shape in wanted]

    def _shapes(self, names: Iterable[str]) -> list[str]:
        words: list[str] = []
        for name in names:
            shape = tuple(self.tensors[name].shape)
            words.append(f"{shown(name)} {shape}")
        return words

    def _error(
        self,
        what: str,
        advice: str,
    ) -> BaselineError:
        return BaselineError(f"{self.where}: {what}. {advice}")


def _group(layer: Layer) -> tuple[str, Shape]:
    return layer.kind, layer.shape
