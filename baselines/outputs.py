"""Describe what the code of a user returned, and take the part that is meant.

A function or a module of a user can return anything. Nothing here guesses: a value of
another kind is refused in one sentence that says what came.
"""

import dataclasses
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fewbench.documents import counted, shown

from .learner import BaselineError

# How a user names the features among the outputs of an encoder: by the name of a member,
# by its index, or by a function of the output.
Choice = str | int | Callable[..., object]
# A longer list of members is cut.
_MOST_LISTED = 8
_MOST_DIGITS = 9  # of an index
# The kinds of numpy arrays that hold real numbers: bool, integers and floats.
_REAL_KINDS = "biuf"


def described(value: object) -> str:
    """Return the type and the shape of a value in words, such as "float32 (128, 64)"."""
    if isinstance(value, Tensor):
        return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    if value is None:
        return "None"
    members = members_of(value)
    kind = type(value).__name__
    if members is None:
        return f"an object of type {kind}"
    listed = []
    for name, member in list(members.items())[:_MOST_LISTED]:
        words = type(member).__name__
        if isinstance(member, Tensor | np.ndarray) or member is None:
            words = described(member)
        listed.append(f"{name!r}: {words}")
    if len(members) > _MOST_LISTED:
        listed.append("...")
    return f"a {kind} with the members {', '.join(listed) or '(none)'}"


def members_of(value: object) -> dict[str | int, object] | None:
    """Return the members of a tuple, list, dict, dataclass or model output.

    name or index -> member; None for a value of another type.
    """
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return value._asdict()  # pyright: ignore[reportAttributeAccessIssue] - a named tuple
    if isinstance(value, tuple | list):
        return dict(enumerate(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: getattr(value, name) for name in names}
    return None


def chosen_member(output: object, choice: Choice) -> object:
    """Return the member of an encoder's output that a user chose with `features`.

    Raises BaselineError if there is no such member.
    """
    if callable(choice):
        return choice(output)
    members = members_of(output)
    if members is None:
        raise BaselineError(
            f"features={choice!r}: expected an encoder that returns a tuple, a list, a "
            f"dict or a model output, got {described(output)}. Omit features"
        )
    if choice in members:
        return members[choice]
    # The command line gives an index as text. A model output has indices, too.
    in_order = list(members.values())
    index = str(choice)
    is_index = index.isdecimal() and len(index) <= _MOST_DIGITS
    if is_index and int(index) < len(in_order):
        return in_order[int(index)]
    raise BaselineError(
        f"features={choice!r}: expected a member of what the encoder returned, which is "
        f"{described(output)}. {_advice(members)}"
    )


def feature_tensor(output: object, n_images: int) -> Tensor:
    """Return the output of an encoder for `n_images` images as features: (n, ...)

    Numpy arrays become tensors, and quantised values become numbers.
    Raises BaselineError unless the output is a tensor or array of real numbers with a row
    for each image and at least one feature.
    """
    tensor = output
    if isinstance(output, np.ndarray) and output.dtype.kind in _REAL_KINDS:
        tensor = torch.from_numpy(np.ascontiguousarray(output))
    if not isinstance(tensor, Tensor) or not _are_features(tensor, n_images):
        members = members_of(output) or {}
        raise BaselineError(
            f"cannot embed the images: expected real numbers of the shape ({n_images}, "
            f"d), a row of features for each image, got {described(output)} for "
            f"{_images(n_images)}. {_advice(members)}"
        )
    if tensor.is_quantized:
        return tensor.dequantize()
    return tensor


def score_array(scores: object) -> np.ndarray:
    """Return the scores of a learner as an array of real numbers.

    Raises BaselineError if they are something else.
    """
    array = scores
    if isinstance(scores, Tensor):
        tensor = scores.detach().cpu()
        # numpy has no bfloat16.
        is_bfloat16 = tensor.dtype == torch.bfloat16
        array = tensor.float().numpy() if is_bfloat16 else tensor.numpy()
    if isinstance(scores, list):
        array = _from_list(scores)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in _REAL_KINDS:
        raise BaselineError(
            f"scores must be a tensor or a numpy array of real numbers, with a row for "
            f"each query image and a column for each class: got {described(scores)}. "
            f"Change what the model returns"
        )
    return array


def last_words(error: BaseException) -> str:
    """Return the type and the text of an error, and the line of code that raised it."""
    said = " ".join(str(error).split())
    words = f"{type(error).__name__}: {shown(said, 400)}"
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or not Path(frames[-1].filename).exists():
        # Not a file: the error comes from Python itself.
        return words
    return f"{words} ({frames[-1].filename}, line {frames[-1].lineno})"


def _are_features(tensor: Tensor, n_images: int) -> bool:
    if tensor.is_complex() or tensor.layout != torch.strided or tensor.is_meta:
        return False
    return tensor.ndim >= 2 and len(tensor) == n_images and tensor.numel() > 0


def _images(n_images: int) -> str:
    return counted(n_images, "image")


def _advice(members: Mapping[str | int, object]) -> str:
    """Return what a user may type if an encoder has an output with these members."""
    for name, member in members.items():
        if isinstance(member, Tensor | np.ndarray):
            return (
                f"Choose one of them, for example features={name!r}, in the command "
                f"line --features {name}"
            )
    return "Change what the model returns"


def _from_list(scores: list[object]) -> object:
    """Return a list of numbers, or of equally long lists of numbers, as an array."""
    try:
        return np.asarray(scores)
    except (TypeError, ValueError):
        return scores
