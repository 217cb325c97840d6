"""Make the state of a network from the matched tensors of a file."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from fewbench.documents import shown

from ..learner import BaselineError, WeightsRow
from .copies import FLOATS
from .layers import COUNTER, Layer, Slot
from .matching import Match

_STATISTICS = "running_mean", "running_var"


class Filling:
    """Collects the state of a network, and the table of what went where.

    tensors: the tensors of the file, by name
    state: our name -> float32 tensor
    """

    def __init__(
        self,
        where: str,
        tensors: Mapping[str, Tensor],
    ) -> None:
        self.where = where
        self.tensors = tensors
        self.state: dict[str, Tensor] = {}
        self.rows: list[WeightsRow] = []

    def fill(
        self,
        slots: Sequence[Slot],
        match: Match,
    ) -> None:
        """Take over all tensors of a match.

        Raises BaselineError if a tensor holds no real numbers of float32, or if a variance is
        negative.
        """
        biases: dict[str, str] = {}
        for slot, layer in zip(slots, match.layers, strict=True):
            self._take_layer(slot, layer, biases.get(slot.layer.name))
            has_own_bias = "bias" in slot.layer.tensors
            if slot.norm is not None and not has_own_bias and "bias" in layer.tensors:
                biases[slot.norm] = layer.tensors["bias"]
        for name, first in match.copies.items():
            shape = tuple(self.tensors[first].shape)
            self.rows.append(WeightsRow("", name, shape, f"the same as {shown(first)}"))

    def _take_layer(
        self,
        slot: Slot,
        layer: Layer,
        bias: str | None,
    ) -> None:
        """Take over a layer.

        bias: the bias of the layer before a norm; None if it has none
        """
        for role, ours in slot.layer.tensors.items():
            theirs = layer.tensors.get(role)
            if theirs is None:
                self.state[ours] = torch.ones(slot.layer.shape)
                row = WeightsRow(
                    ours, "", slot.layer.shape, "1, as the file has no scale"
                )
            else:
                values = self._float64(theirs)
                if role == "running_mean" and bias is not None:
                    values = values - self._float64(bias)
                if role == "running_var":
                    self._refuse_negative(theirs, values)
                self.state[ours] = self._float32(theirs, values)
                row = WeightsRow(ours, theirs, tuple(values.shape))
            self.rows.append(row)
        if bias is not None:
            self._note_bias(slot, bias)
        for role in (*_STATISTICS, COUNTER):
            theirs = layer.tensors.get(role)
            if theirs is not None and role not in slot.layer.tensors:
                shape = tuple(self.tensors[theirs].shape)
                self.rows.append(WeightsRow("", theirs, shape, "not needed"))

    def _note_bias(
        self,
        slot: Slot,
        bias: str,
    ) -> None:
        """Say what became of a bias before a norm. A norm subtracts it with the mean."""
        mean = slot.layer.tensors.get("running_mean")
        note = "no effect: the norm subtracts it with the mean of its batch"
        if mean is not None:
            note = "subtracted from the running mean"
        values = self._float64(bias)
        self.rows.append(WeightsRow(mean or "", bias, tuple(values.shape), note))

    def _float64(self, name: str) -> Tensor:
        """Return the values of a tensor, if they are finite numbers."""
        tensor = self.tensors[name]
        if tensor.dtype not in FLOATS:
            raise BaselineError(
                f"{self.where}: {shown(name)}: expected real numbers (float16 to float64), "
                f"got {tensor.dtype}. Save the weights as float32"
            )
        values = tensor.double()
        if not values.isfinite().all():
            raise BaselineError(
                f"{self.where}: {shown(name)}: expected finite numbers, got NaN or inf. "
                f"The training diverged, or the file is damaged: choose another checkpoint"
            )
        return values

    def _float32(
        self,
        name: str,
        values: Tensor,
    ) -> Tensor:
        rounded = values.float()
        if not rounded.isfinite().all():
            raise BaselineError(
                f"{self.where}: {shown(name)}: expected numbers that float32 can hold, got "
                f"{values.abs().max().item():.3g}. Choose another checkpoint"
            )
        return rounded

    def _refuse_negative(
        self,
        name: str,
        variances: Tensor,
    ) -> None:
        if variances.min() < 0:
            raise BaselineError(
                f"{self.where}: {shown(name)}: expected variances of at least 0, got "
                f"{variances.min().item():.3g}. The tensors have another order, or the "
                f"file is damaged: save them by their names, as in model.state_dict()"
            )
