"""Find the number format that an encoder computes in."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

# From the lowest precision to the highest.
_NAMES = {
    torch.bfloat16: "bf16",
    torch.float16: "fp16",
    torch.float32: "fp32",
    torch.float64: "fp64",
}


def computed_precision(run: Callable[[], object]) -> str:
    """Return the lowest precision in which `run` computes, as in `LearnerCard`.

    Weights and outputs do not tell it, since a module may convert its input inside. So
    the format of each intermediate result is looked at. "other" stands for integers and
    for formats that have no name here.
    """
    seen = _Formats()
    with seen:
        output = run()
    if seen.has_others:
        return "other"
    seen.look_at(output)
    for dtype, name in _NAMES.items():
        if dtype in seen.dtypes:
            return name
    return "other"


class _Formats(TorchDispatchMode):
    """Collects the formats of all floating-point results."""

    def __init__(self) -> None:
        super().__init__()
        self.dtypes: set[torch.dtype] = set()
        self.has_others = False

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # True, which is torch's default, would load the compiler for seconds.
        return False

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        del types
        result = func(*args, **(kwargs or {}))
        if func.namespace == "quantized":
            self.has_others = True
        self.look_at(result)
        return result

    def look_at(self, result: object) -> None:
        for leaf in tree_leaves(result):
            if not isinstance(leaf, Tensor):
                continue
            if leaf.is_quantized:
                self.has_others = True
            if leaf.is_floating_point():
                self.dtypes.add(leaf.dtype)
                self.has_others |= leaf.dtype not in _NAMES
