"""Read a state dict that torch.save wrote. No code in the file runs."""

import io
import re
import shlex
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from fewbench.documents import shown

from ..learner import BaselineError
from ..outputs import last_words

_PLAIN = re.compile(r"[\w.-]{1,80}", re.ASCII)


def parse_torch(path: Path, data: bytes) -> dict[str, Tensor]:
    """Parse the tensors of a file in one of the two formats of torch.save, by name.

    path: where the bytes were read, for errors
    Raises BaselineError if the file is damaged, if it holds code, or if it does not hold
    exactly one state dict.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # `weights_only` refuses every pickle that would run code.
            found = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:
        # The unpickler can raise anything for damaged bytes.
        raise BaselineError(
            f"{path}: cannot be read without running code from the file, or is damaged: "
            f"expected tensors alone, got: {first_words(error)}. Where the code of this "
            f"model is at hand, save its tensors: torch.save(model.state_dict(), "
            f"'weights.pt')"
        ) from error
    return _state_dict(path, found)


def first_words(error: Exception) -> str:
    """Return the first sentence of an error of torch, which explains a lot after it."""
    words = last_words(error)
    return shown(words.split(". ")[0])[:200]


def _state_dict(
    path: Path,
    found: object,
) -> dict[str, Tensor]:
    """Return the state dict in what torch.load returned, which may hold several."""
    if not isinstance(found, Mapping):
        raise BaselineError(
            f"{path}: expected a state dict, which is a dict of tensors, got a "
            f"{type(found).__name__}. Save it: torch.save(model.state_dict(), 'weights.pt')"
        )
    tensors = _tensors_of(found)
    if tensors:
        return tensors
    inner: dict[str, dict[str, Tensor]] = {}
    for key, value in found.items():
        if isinstance(value, Mapping) and _tensors_of(value):
            inner[shown(str(key))] = _tensors_of(value)
    if len(inner) == 1:
        return next(iter(inner.values()))
    got = f"{len(inner)}: {', '.join(inner)}" if inner else "none"
    # A name from the file must not add code to the command.
    plain = [key for key in inner if _PLAIN.fullmatch(key)]
    key = next(iter(plain), "model")
    code = (
        f"import torch; torch.save(torch.load({str(path)!r}, weights_only=True)[{key!r}], "
        f"'weights.pt')"
    )
    raise BaselineError(
        f"{path}: expected one state dict, got {got}. Save the one you mean: python -c "
        f"{shlex.quote(code)}"
    )


def _tensors_of(values: Mapping[object, object]) -> dict[str, Tensor]:
    """Return the tensors among the values of a dict, by name."""
    tensors: dict[str, Tensor] = {}
    for name, value in values.items():
        if isinstance(name, str) and isinstance(value, Tensor):
            tensors[name] = value.detach()
    return tensors
