"""Check that the arrays of a result fit its protocol and each other.

The arrays are described in `RunResult`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .protocol import EvalProtocol


def check_predictions(
    predictions: NDArray[np.uint8],
    correct: NDArray[np.int32],
    protocol: EvalProtocol,
) -> None:
    """Check the types and shapes of two arrays, and that the labels are in range.

    predictions: uint8 (n_episodes, n_way * n_query) predicted labels
    correct: int32 (n_episodes,) number of right answers in each episode
    Raises ValueError if they do not fit the protocol.
    """
    shape = (protocol.n_episodes, protocol.queries_per_episode)
    check_array("predictions", predictions, np.uint8, shape)
    check_array("correct", correct, np.int32, shape[:1])
    highest = int(predictions.max())
    if highest >= protocol.n_way:
        last = protocol.n_way - 1
        raise ValueError(f"predictions: expected labels 0 to {last}, got {highest}")


def check_correct(correct: NDArray[np.int32], counted: NDArray[np.int32]) -> None:
    """Check the numbers of right answers that a result states.

    correct: int32 (n_episodes,) the stated number for each episode
    counted: int32 (n_episodes,) the number that was counted among the predictions
    Raises ValueError if they differ.
    """
    if not np.array_equal(correct, counted):
        n_wrong = int((correct != counted).sum())
        raise ValueError(
            "correct: expected the number of right answers among the predictions, "
            f"got another number in {n_wrong} episodes"
        )


def check_classes(
    classes: NDArray[np.uint16],
    class_names: NDArray[np.str_],
    class_sizes: NDArray[np.int32],
    protocol: EvalProtocol,
) -> None:
    """Check the classes of each episode, and the names and sizes of all classes.

    classes: uint16 (n_episodes, n_way) class of each label, as an index into class_names
    class_names: str (n_classes,) names of all classes in the split
    class_sizes: int32 (n_classes,) number of images in each class
    Raises ValueError if they do not fit the protocol or each other.
    """
    shape = (protocol.n_episodes, protocol.n_way)
    check_array("classes", classes, np.uint16, shape)
    check_array("class_sizes", class_sizes, np.int32, class_names.shape)
    if class_names.dtype.kind != "U" or class_names.ndim != 1:
        found = f"{class_names.dtype} {class_names.shape}"
        raise ValueError(
            f"class_names: expected a one-dimensional array of strings, got {found}"
        )
    try:
        "".join(class_names.tolist()).encode()
    except (ValueError, SystemError):  # numpy raises both for numbers of no character
        raise ValueError("class_names: expected text, got other bytes") from None
    highest = classes.max()
    last = len(class_names) - 1
    if highest > last:
        raise ValueError(f"classes: expected class numbers 0 to {last}, got {highest}")


def check_queries(queries: NDArray[np.uint16], protocol: EvalProtocol) -> None:
    """Check that each class of each episode has as many queries as the protocol says.

    queries: uint16 (n_episodes, n_way) number of query images of each class
    Raises ValueError if it does not.
    """
    shape = (protocol.n_episodes, protocol.n_way)
    check_array("queries", queries, np.uint16, shape)
    if (queries != protocol.n_query).any():
        raise ValueError(
            f"queries: expected {protocol.n_query} query images of each class, as in "
            f"the protocol, got other numbers"
        )


def check_array(
    name: str,
    array: NDArray[Any],
    dtype: type,
    shape: tuple[int, ...],
) -> None:
    """Check the type and the shape of an array.

    name: the name of the array, for the message
    Raises ValueError if the type or the shape is another one.
    """
    if array.dtype != dtype or array.shape != shape:
        found = f"{array.dtype} {array.shape}"
        raise ValueError(f"{name}: expected {np.dtype(dtype)} {shape}, got {found}")
