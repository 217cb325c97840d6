import pytest
import torch
from torch import Tensor

from fewbench.baselines.learner import BaselineError
from fewbench.baselines.weights.filling import Filling
from fewbench.baselines.weights.layers import Layer, Slot
from fewbench.baselines.weights.matching import Match

ROLES = "weight", "bias", "running_mean", "running_var"
NORM = Slot(Layer("1", "norm", (2,), {role: f"1.{role}" for role in ROLES}), ROLES)
BY_BATCH = Slot(
    Layer("1", "norm", (2,), {"weight": "1.weight", "bias": "1.bias"}), ("bias",)
)
CONV = Slot(Layer("0", "linear", (2, 1), {"weight": "0.weight"}), ("weight",), "1")
KERNEL = torch.tensor([[1.0], [2.0]])


def norm_of(theirs: dict[str, Tensor]) -> Layer:
    names = {role: role for role in (*ROLES, "num_batches_tracked") if role in theirs}
    return Layer("bn", "norm", (2,), names)


def fill(theirs: dict[str, Tensor], norm: Slot = NORM, bias: Tensor | None = None):
    tensors = {**theirs, "w": KERNEL}
    conv = {"weight": "w"}
    if bias is not None:
        tensors["b"] = bias
        conv["bias"] = "b"
    filling = Filling("net.pt", tensors)
    layers = [Layer("fc", "linear", (2, 1), conv), norm_of(theirs)]
    filling.fill([CONV, norm], Match("layers", layers, {}))
    return filling


def values(**changed: Tensor) -> dict[str, Tensor]:
    plain = {role: torch.tensor([0.5, 2.0]) for role in ROLES}
    return plain | changed


def test_a_bias_is_subtracted_in_float64() -> None:
    mean = torch.tensor([1.0, 1e8], dtype=torch.float64)
    bias = torch.tensor([0.25, 1e8 - 0.5], dtype=torch.float64)

    filling = fill(values(running_mean=mean), bias=bias)

    assert filling.state["1.running_mean"].tolist() == [0.75, 0.5]
    notes = {row.theirs: row.note for row in filling.rows}
    assert notes["b"] == "subtracted from the running mean"


def test_a_norm_by_batch_needs_neither_statistics_nor_bias() -> None:
    theirs = values(num_batches_tracked=torch.tensor(3))
    del theirs["weight"]

    filling = fill(theirs, BY_BATCH, bias=KERNEL[:, 0])

    assert filling.state["1.weight"].tolist() == [1, 1]
    assert filling.state.keys() == {"0.weight", "1.weight", "1.bias"}
    notes = {row.theirs: row.note for row in filling.rows}
    assert "no effect" in notes["b"]
    assert notes["running_var"] == notes["num_batches_tracked"] == "not needed"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"bias": torch.tensor([1.0, torch.nan])}, "bias: expected finite"),
        ({"weight": torch.tensor([torch.inf, 1.0])}, "weight: expected finite"),
        ({"weight": torch.tensor([1, 2])}, r"real numbers .* got torch\.int64"),
        ({"bias": torch.tensor([1j, 2])}, r"got torch\.complex64"),
        (
            {"bias": torch.tensor([1e300, 0], dtype=torch.float64)},
            "that float32 can hold, got 1e[+]300",
        ),
        (
            {"running_var": torch.tensor([0.1, -0.5])},
            r"running_var: expected variances of at least 0, got -0\.5",
        ),
    ],
)
def test_values_that_are_no_weights_are_refused_by_name(
    changed: dict[str, Tensor], words: str
) -> None:
    with pytest.raises(BaselineError, match=words) as caught:
        fill(values(**changed))
    assert str(caught.value).startswith("net.pt: ")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_become_float32(dtype: torch.dtype) -> None:
    filling = fill(values(bias=torch.tensor([0.5, 3.0], dtype=dtype)))

    assert filling.state["1.bias"].dtype == torch.float32
    assert filling.state["1.bias"].tolist() == [0.5, 3.0]
