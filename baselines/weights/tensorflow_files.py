"""Files of TensorFlow. Only the checkpoint that Finn et al. released is read.

A TensorFlow checkpoint is a file of raw numbers. Its index, another file, says which number
belongs to which tensor. For the released checkpoint, these places are written here.
Source: cbfinn/maml (MIT licence), the model of miniImageNet, 5-way 1-shot, 59,000 steps.
"""

import re
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..learner import BaselineError

FINN2017_SHA256 = "f7e14e6f544371a562441d378f4bc5765431008400cc07a16ad5ed488ea9dea0"
_WIDTH = 32
_WAY = 5
# The offsets in bytes of each block's shift, bias and kernel, and of the last layer.
_SHIFTS = (0, 128, 256, 384)
_BIASES = (512, 640, 768, 896)
_KERNELS = (1044, 4500, 41364, 78228)
_HEAD_BIAS = 1024
_HEAD = 115092
_NAMES = re.compile(
    r"(?P<prefix>.+)\.(data-\d{5}-of-\d{5}|index|meta)|checkpoint|.+\.ckpt"
)


def parse_finn2017(raw: bytes) -> dict[str, Tensor]:
    """Parse the released checkpoint. Return its tensors under the names of our network.

    TensorFlow has channels last. The kernels are turned to PyTorch's order, and the last
    layer to the order in which PyTorch flattens maps.
    """
    tensors: dict[str, Tensor] = {}
    n_in = 3
    for block, kernel_at in enumerate(_KERNELS):
        kernel = _floats(raw, kernel_at, 3, 3, n_in, _WIDTH)
        bias = _floats(raw, _BIASES[block], _WIDTH)
        shift = _floats(raw, _SHIFTS[block], _WIDTH)
        name = f"body.{block}"
        tensors[f"{name}.0.weight"] = kernel.permute(3, 2, 0, 1)
        tensors[f"{name}.0.bias"] = bias
        tensors[f"{name}.1.bias"] = shift
        n_in = _WIDTH
    # The maps have 5 x 5 positions.
    head = _floats(raw, _HEAD, 5, 5, _WIDTH, _WAY)
    tensors["head.weight"] = head.permute(3, 2, 0, 1).reshape(_WAY, -1)
    tensors["head.bias"] = _floats(raw, _HEAD_BIAS, _WAY)
    return tensors


def refuse_tensorflow(path: Path) -> None:
    """Raise BaselineError if a file has the name of a TensorFlow checkpoint."""
    named = _NAMES.fullmatch(path.name)
    if named is None:
        return
    prefix = path.with_name(named["prefix"] or "model.ckpt")
    raise BaselineError(
        f"{path}: a TensorFlow checkpoint: expected the one that Finn et al. released "
        f"(sha256 {FINN2017_SHA256[:16]}...) or another format, got another file. Where "
        f'TensorFlow is installed, type: python -c "import numpy, tensorflow as tf; r = '
        f"tf.train.load_checkpoint('{prefix}'); numpy.savez('weights.npz', **{{n: "
        f'r.get_tensor(n) for n in r.get_variable_to_shape_map()}})", then transpose the '
        f"kernels as docs/evaluation.md says"
    )


def _floats(raw: bytes, offset: int, *shape: int) -> Tensor:
    n = int(np.prod(shape))
    values = np.frombuffer(raw, "<f4", n, offset).astype(np.float32)
    return torch.from_numpy(values).reshape(shape)
