"""Find layers that a file holds twice, because a module was registered under two names."""

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor

# The types that weights may have.
FLOATS = torch.float16, torch.bfloat16, torch.float32, torch.float64


def copies_in(tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """Return the tensors that are copies of others: name of the copy -> name of the first.

    A tensor of different values has a twin only if it was copied. Then the tensors beside it
    are compared with those beside its twin. If each has an equal one, they are copies as well.
    """
    first_of: dict[bytes, str] = {}
    copies: dict[str, str] = {}
    for name, tensor in tensors.items():
        if name in copies or not _has_own_values(tensor):
            continue
        digest = _digest(tensor)
        first = first_of.setdefault(digest, name)
        if first == name:
            continue
        start, copy_start = _different_starts(first, name)
        found = _copied_part(tensors, start, copy_start)
        if not found:
            start = _parent(first)
            copy_start = _parent(name)
            found = _copied_part(tensors, start, copy_start)
        copies.update(found)
    return copies


def _copied_part(
    tensors: Mapping[str, Tensor],
    start: str,
    copy_start: str,
) -> dict[str, str]:
    """Return the copies if all tensors with names in `copy_start` are; {} if they are not."""
    found: dict[str, str] = {}
    is_inside = start != copy_start and start.startswith(copy_start)
    for name, tensor in tensors.items():
        if not name.startswith(copy_start):
            continue
        if is_inside and name.startswith(start):
            continue
        twin = start + name.removeprefix(copy_start)
        if twin == name or twin not in tensors:
            return {}
        if not _is_equal(tensors[twin], tensor):
            return {}
        found[name] = twin
    return found


def _different_starts(
    first: str,
    second: str,
) -> tuple[str, str]:
    """Return the starts of two names, without the parts at the end that they share."""
    a = first.split(".")
    b = second.split(".")
    while a and b and a[-1] == b[-1]:
        a.pop()
        b.pop()
    return _joined(a), _joined(b)


def _parent(name: str) -> str:
    return _joined(name.split(".")[:-1])


def _joined(parts: list[str]) -> str:
    return "".join(f"{part}." for part in parts)


def _has_own_values(tensor: Tensor) -> bool:
    if tensor.dtype not in FLOATS or tensor.numel() < 2:
        return False
    flat = tensor.reshape(-1)
    differs = flat != flat[0]
    return bool(differs.any())


def _is_equal(
    a: Tensor,
    b: Tensor,
) -> bool:
    return a.dtype == b.dtype and torch.equal(a, b)


def _digest(tensor: Tensor) -> bytes:
    kind = f"{tensor.dtype} {tuple(tensor.shape)}"
    content = hashlib.sha256(kind.encode())
    flat = tensor.contiguous().reshape(-1)
    values = flat.view(torch.uint8)
    content.update(values.numpy().data)
    return content.digest()
