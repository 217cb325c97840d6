"""One trained-looking conv4, and the layouts in which other people's files might hold it."""

import random
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from fewbench.baselines.backbones import conv4

SHAPE = (28, 28, 1)
WIDTH = 4
State = dict[str, Tensor]


def trained_state(seed: int = 0) -> State:
    """The state of a conv4 whose batch norms have seen images: no value is a default."""
    torch.manual_seed(seed)
    network = conv4(SHAPE, WIDTH)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.1)
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.01, 0.1)
    return {name: value.clone() for name, value in network.state_dict().items()}


def renamed(state: State, conv: str, norm: str) -> State:
    """Names as others give them; `{0}` is the block from 0, `{1}` from 1, `{4}` 4 a block."""
    changed: State = {}
    for name, value in state.items():
        block, layer, role = name.split(".")
        i = int(block)
        pattern = conv if layer == "0" else norm
        layer_name = pattern.format(i, i + 1, 4 * i, 4 * i + 1)
        changed[f"{layer_name}{role}"] = value
    return changed


def with_biases(state: State) -> State:
    """The same network with a bias before each norm, whose running mean has it as well."""
    changed: State = {}
    for name, value in state.items():
        changed[name] = value
        if name.endswith("0.weight"):
            changed[name.replace("weight", "bias")] = torch.linspace(-1, 1, len(value))
        if name.endswith("running_mean"):
            changed[name] = value + torch.linspace(-1, 1, len(value))
    return changed


def shuffled(state: State) -> State:
    names = list(state)
    random.Random(7).shuffle(names)
    return {name: state[name] for name in names}


def norms_last(state: State) -> State:
    kernels = {name: value for name, value in state.items() if value.ndim == 4}
    return {**kernels, **state}


def save_safetensors(state: State, path: Path) -> Path:
    save_file({name: value.contiguous() for name, value in state.items()}, path)
    return path


def save_torch(found: object, path: Path) -> Path:
    torch.save(found, path)
    return path


def save_legacy(found: object, path: Path) -> Path:
    torch.save(found, path, _use_new_zipfile_serialization=False)
    return path


def save_npz(arrays: dict[str, np.ndarray], path: Path) -> Path:
    with path.open("wb") as file:
        np.savez(file, **arrays)  # pyright: ignore[reportArgumentType] - numpy's stub
    return path


def arrays_of(state: State, dtype: str = "f4") -> dict[str, np.ndarray]:
    return {name: value.numpy().astype(dtype) for name, value in state.items()}


def unnamed(state: State) -> dict[str, np.ndarray]:
    values: Iterable[Tensor] = state.values()
    return {f"arr_{i}": value.numpy() for i, value in enumerate(values)}


def doubled(state: State) -> State:
    """learn2learn's CNN4 registers its blocks twice, and its norms before its convolutions."""
    first = renamed(state, "features.{0}.conv.", "features.{0}.normalize.")
    second = renamed(state, "base.layers.{0}.conv.", "base.layers.{0}.normalize.")
    norms = {name: value for name, value in first.items() if "normalize" in name}
    return {**norms, **first, **second}


Write = Callable[[State, Path], Path]


def _wrapped(state: State, path: Path) -> Path:
    inner = {f"module.encoder.{name}": value for name, value in state.items()}
    optimizer = {"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": []}
    return save_torch({"epoch": 7, "state_dict": inner, "optimizer": optimizer}, path)


LAYOUTS: dict[str, Write] = {
    "our names, safetensors": save_safetensors,
    "our names, shuffled": lambda state, path: save_torch(shuffled(state), path),
    "wrapped, with an optimizer": _wrapped,
    "conv1 and bn1, safetensors": lambda state, path: save_safetensors(
        renamed(state, "conv{1}.", "bn{1}."), path
    ),
    "kernels first, names without numbers": lambda state, path: save_torch(
        norms_last(_lettered(state)), path
    ),
    "flat Sequential, legacy": lambda state, path: save_legacy(
        renamed(state, "{2}.", "{3}."), path
    ),
    "float64, npz": lambda state, path: save_npz(
        arrays_of(renamed(state, "conv{1}/", "norm{1}/"), "f8"), path
    ),
    "npz without names": lambda state, path: save_npz(unnamed(state), path),
    "registered twice": lambda state, path: save_torch(doubled(state), path),
    "big-endian npz": lambda state, path: save_npz(
        {name: value.numpy().astype(">f4") for name, value in state.items()}, path
    ),
}


def _lettered(state: State) -> State:
    """Blocks with words in place of numbers, whose alphabetical order is another one."""
    changed: State = {}
    for name, value in state.items():
        block, layer, role = name.split(".")
        word = ("first", "second", "third", "fourth")[int(block)]
        changed[f"{word}.{'conv' if layer == '0' else 'norm'}.{role}"] = value
    return changed
