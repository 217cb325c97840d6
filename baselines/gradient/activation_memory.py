"""Compute the memory that one image takes in a network.

This memory limits the number of tasks that run at once (a chunk).
"""

import copy

import torch
from torch import Tensor, nn

from ..backbones import Shape

_BYTES_PER_FLOAT = 4

# On a CPU, the outputs of all layers for a chunk may take this many bytes in training.
# With the derivatives, a chunk takes two to three times as much memory.
_TRAINING_BYTES = 1 << 29
# An evaluation needs no graph of the inner loop, and is fastest with smaller chunks.
_TEST_BYTES = 1 << 28
# On a GPU, larger chunks are faster. They may take this part of its whole memory, so that
# they are the same whatever else runs there. In training, a recorded step keeps two to
# three times as much.
_SHARE_OF_GPU = 16


def bytes_of_chunk(device: torch.device, training: bool) -> int:
    """Return how many bytes the outputs of all layers may take for a chunk of tasks.

    training: whether the graph of the inner loop is kept
    """
    if device.type == "cuda":
        _, total_bytes = torch.cuda.mem_get_info(device)
        return total_bytes // _SHARE_OF_GPU
    return _TRAINING_BYTES if training else _TEST_BYTES


class ChunkSize:
    """The number of tasks that a network may run at once on a device."""

    def __init__(self, network: nn.Module, device: torch.device) -> None:
        self._network = network
        self._device = device
        # Results of `bytes_of_image`, by shape and `graph`.
        self._bytes_of_image: dict[tuple[Shape, bool], int] = {}

    def tasks_at_once(self, shape: Shape, n_passes: int, training: bool) -> int:
        """Return the number of tasks whose outputs fit `bytes_of_chunk`, at least 1.

        shape: (H, W, C) of an image
        n_passes: the number of images that pass through the network for one task; an
            image that passes twice counts twice
        training: whether the graph of the inner loop is kept
        """
        key = (shape, training)
        if key not in self._bytes_of_image:
            found = bytes_of_image(self._network, shape, graph=training)
            self._bytes_of_image[key] = found
        bytes_of_task = n_passes * self._bytes_of_image[key]
        return max(1, bytes_of_chunk(self._device, training) // bytes_of_task)


def bytes_of_image(
    network: nn.Module,
    shape: Shape,
    graph: bool,
) -> int:
    """Return the number of bytes that the outputs of all layers take for one image.

    shape: (H, W, C) of the image
    graph: whether to add the columns (image patches) that the native engine's
        convolutions keep for their derivatives
    """
    n_floats = 0

    def count(
        module: nn.Module,
        inputs: tuple[Tensor, ...],
        output: Tensor,
    ) -> None:
        nonlocal n_floats
        n_floats += output[0].numel()
        if graph and isinstance(module, nn.Conv2d):
            n_floats += _floats_in_columns(module, inputs[0], output)

    probed = copy.deepcopy(network)
    for module in probed.modules():
        is_leaf = not list(module.children())
        if is_leaf:
            module.register_forward_hook(count)
    parameter = next(probed.parameters())
    height, width, channels = shape
    images = torch.zeros(
        (2, channels, height, width),
        dtype=parameter.dtype,
        device=parameter.device,
    )
    with torch.no_grad():
        probed(images)
    return n_floats * _BYTES_PER_FLOAT


def _floats_in_columns(
    convolution: nn.Conv2d,
    maps: Tensor,
    output: Tensor,
) -> int:
    height, width = output.shape[-2:]
    n_channels = maps.shape[1]
    window = convolution.kernel_size[0]
    return height * width * window**2 * n_channels
