"""Say what to type when the tensors of a file are those of another network."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from fewbench.documents import shown

from .layers import Slot

_KERNEL = (3, 3)


def advice_on_shapes(
    tensors: Mapping[str, Tensor],
    slots: Sequence[Slot],
) -> str:
    """Return what the shape of the first kernel says about a wrong choice."""
    ours = slots[0].layer.shape
    name = _first_kernel(tensors)
    if name is None or len(ours) != 4:
        return "Choose another --backbone or --width"
    shape = tuple(tensors[name].shape)
    if shape[:2] == _KERNEL:
        return f"{shown(name)} is in TensorFlow's order: transpose it (3, 2, 0, 1)"
    n_out, n_in = shape[:2]
    if n_in != ours[1]:
        return (
            f"The network takes images with {n_in} channels: choose another protocol, or "
            f"another --backbone"
        )
    if n_out != ours[0]:
        return f"Type --width {n_out}, or choose another --backbone"
    return "Choose another --backbone"


def _first_kernel(tensors: Mapping[str, Tensor]) -> str | None:
    for name, tensor in tensors.items():
        if tensor.ndim == 4:
            return name
    return None
