"""Find the number format that an encoder computes in, and how large its maps become."""

from collections.abc import Callable
from typing import Any, NamedTuple

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


class Computed(NamedTuple):
    """What was seen while a module computed.

    precision: the lowest precision, as in `LearnerCard`; "other" stands for integers and
        for formats that have no name here
    largest_map: the number of pixels of the largest map (n, C, H, W); 0 if there was none
    """

    precision: str
    largest_map: int


def watch(run: Callable[[], object], n_images: int) -> Computed:
    """Look at each intermediate result of `run`.

    Weights and outputs do not tell the precision, since a module may convert its input
    inside. It may also enlarge the images.

    n_images: the number of images that `run` computes with
    """
    seen = _Results(n_images)
    with seen:
        output = run()
    if seen.has_others:
        return Computed("other", seen.largest_map)
    seen.look_at(output)
    for dtype, name in _NAMES.items():
        if dtype in seen.dtypes:
            return Computed(name, seen.largest_map)
    return Computed("other", seen.largest_map)


class _Results(TorchDispatchMode):
    """Collects the formats of all floating-point results, and the size of the largest map."""

    def __init__(self, n_images: int) -> None:
        super().__init__()
        self.n_images = n_images
        self.largest_map = 0
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
            if leaf.ndim == 4 and len(leaf) == self.n_images:
                _, _, height, width = leaf.shape
                self.largest_map = max(self.largest_map, height * width)
            if leaf.is_quantized:
                self.has_others = True
            if leaf.is_floating_point():
                self.dtypes.add(leaf.dtype)
                self.has_others |= leaf.dtype not in _NAMES
