"""Read the tensors of a file that somebody else made. Nothing in the file is trusted.

A file is recognised by its first bytes, whatever its name. The formats are safetensors,
.npz, and the two formats of torch.save.
"""

import hashlib
import io
import shlex
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from torch import Tensor

from fewbench.documents import shown
from fewbench.npz import UNREADABLE, parse_arrays

from ..learner import BaselineError
from .tensorflow_files import refuse_tensorflow
from .torch_files import first_words, parse_torch

# The file, and all its tensors together, may have this many bytes. A resnet12 in float64
# has a fifth of it.
MOST_BYTES = 1 << 29
_MOST_TENSORS = 10_000
_ZIP = b"PK\x03\x04"
_PICKLE = b"\x80"
_LENGTH_BYTES = 8  # a safetensors file starts with the length of its header


@dataclass(frozen=True)
class TensorFile:
    """The tensors of a file.

    name: the name of the file, without its folder
    sha256: the hash of the file
    tensors: name -> tensor of any type, on the CPU
    keeps_order: whether the tensors have the order in which they were saved
    """

    name: str
    sha256: str
    tensors: dict[str, Tensor]
    keeps_order: bool


def read_tensor_file(path: Path) -> TensorFile:
    """Read the tensors of a file in safetensors, .npz or a format of torch.save.

    Raises BaselineError if the file is missing, too large, damaged or of another format,
    or if it holds more than tensors.
    """
    return parse_tensors(path, read_weights(path))


def parse_tensors(path: Path, data: bytes) -> TensorFile:
    """Parse the bytes of a file, as `read_tensor_file` does.

    path: where the bytes were read, for errors
    """
    keeps_order = True
    if data.startswith(_ZIP):
        tensors = _parse_zip(path, data)
    elif data.startswith(_PICKLE):
        tensors = parse_torch(path, data)
    elif data[_LENGTH_BYTES : _LENGTH_BYTES + 1] == b"{":
        tensors = _parse_safetensors(path, data)
        keeps_order = False
    else:
        refuse_tensorflow(path)
        raise BaselineError(
            f"{path}: unknown format: expected a state dict in safetensors, .npz or a "
            f"format of torch.save, got a file that starts with {data[:8]!r}. Save the "
            f"tensors alone: torch.save(model.state_dict(), 'weights.pt')"
        )
    _check_sizes(path, tensors)
    digest = hashlib.sha256(data).hexdigest()
    return TensorFile(shown(path.name), digest, tensors, keeps_order)


def read_weights(path: Path) -> bytes:
    """Read the bytes of a file of weights, once: it may be replaced at any moment.

    Raises BaselineError if the file is missing or too large.
    """
    if not path.is_file():
        raise BaselineError(
            f"{path}: no such file: expected a state dict in safetensors, .npz or a "
            f"format of torch.save. Check the path: ls "
            f"{shlex.quote(str(path.parent))}"
        )
    try:
        size = path.stat().st_size
        data = b""
        if size <= MOST_BYTES:
            with path.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BaselineError(
            f"{path}: cannot be read ({error.strerror}). Check the permissions: "
            f"ls -l {shlex.quote(str(path))}"
        ) from error
    if max(size, len(data)) > MOST_BYTES:
        raise BaselineError(
            f"{path}: too large: expected at most {MOST_BYTES:,} bytes, got {size:,}. Save "
            f"the network alone, without its optimiser: torch.save(model.state_dict(), "
            f"'weights.pt')"
        )
    return data


def _parse_zip(path: Path, data: bytes) -> dict[str, Tensor]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except UNREADABLE as error:
        raise _damaged(path, error) from error
    unpacked = sum(member.file_size for member in members)
    if unpacked > MOST_BYTES or len(members) > 2 * _MOST_TENSORS:
        raise BaselineError(
            f"{path}: too large: expected at most {MOST_BYTES:,} bytes after unpacking, "
            f"got {unpacked:,} in {len(members):,} members. Save the network alone, "
            f"without its optimiser"
        )
    names = [member.filename for member in members]
    if not all(name.endswith(".npy") for name in names):
        return parse_torch(path, data)
    if len(set(names)) < len(names):
        raise BaselineError(
            f"{path}: has two arrays of one name: expected each name once. Save it again: "
            f"numpy.savez('weights.npz', **arrays)"
        )
    limits = {
        member.filename.removesuffix(".npy"): member.file_size for member in members
    }
    return _parse_npz(path, data, limits)


def _parse_npz(
    path: Path,
    data: bytes,
    limits: dict[str, int],
) -> dict[str, Tensor]:
    try:
        arrays = parse_arrays(io.BytesIO(data), limits)
    except Exception as error:
        # A hostile header can make numpy raise anything.
        raise _damaged(path, error) from error
    tensors: dict[str, Tensor] = {}
    for name, array in arrays.items():
        try:
            native = array.astype(array.dtype.newbyteorder("="))
            tensors[name] = torch.from_numpy(native)
        except (TypeError, ValueError) as error:
            raise BaselineError(
                f"{path}: {shown(name)}: expected an array of numbers, got the type "
                f"{array.dtype}. Leave it out: numpy.savez('weights.npz', **arrays)"
            ) from error
    return tensors


def _parse_safetensors(path: Path, data: bytes) -> dict[str, Tensor]:
    try:
        return load_safetensors(data)
    except (SafetensorError, RuntimeError, ValueError, KeyError) as error:
        # A KeyError is a type of numbers that this torch does not have.
        raise _damaged(path, error) from error


def _check_sizes(
    path: Path,
    tensors: Mapping[str, Tensor],
) -> None:
    """Raise BaselineError if there are no tensors, too many or too large ones.

    A few bytes of a file can stand for a tensor of any size, whose strides are 0.
    """
    if not tensors or len(tensors) > _MOST_TENSORS:
        raise BaselineError(
            f"{path}: expected 1 to {_MOST_TENSORS:,} tensors, got {len(tensors):,}. Save "
            f"them again: torch.save(model.state_dict(), 'weights.pt')"
        )
    total = 0
    for name, tensor in tensors.items():
        total += tensor.numel() * tensor.element_size()
        if total > MOST_BYTES or tensor.layout != torch.strided:
            raise BaselineError(
                f"{path}: {shown(name)}: expected dense tensors of at most "
                f"{MOST_BYTES:,} bytes together, got {tuple(tensor.shape)} in the layout "
                f"{tensor.layout}. Save the network alone: "
                f"torch.save(model.state_dict(), 'weights.pt')"
            )


def _damaged(
    path: Path,
    error: Exception,
) -> BaselineError:
    return BaselineError(
        f"{path}: damaged: expected an intact file, got: {first_words(error)}. Copy or "
        f"download it again"
    )
