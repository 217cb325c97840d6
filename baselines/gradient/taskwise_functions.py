"""Compute convolutions of many tasks as matrix products, with second derivatives.

The columns of a convolution are the image patches that its window sees. Products take
arrays (tasks, rows, channels), where a row is one position in one image.
"""

from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional

# A large GPU has more than a hundred processors. These limits give all of them work; other
# limits were not tried.
_MOST_PARTS = 512
_LEAST_ROWS = 64


class Window(NamedTuple):
    """A square convolution window. Images are padded by half its size."""

    size: int
    stride: int

    def outputs(self, length: int) -> int:
        """Return the number of window positions along an edge of `length` pixels."""
        return (length - 1) // self.stride + 1


def columns(maps: Tensor, window: Window) -> Tensor:
    """Return the pixels that the window sees at each position.

    (n, H, W, C) -> (n, H', W', size * size * C)
    A convolution is one matrix product of these columns and the weights.
    """
    if window == (1, 1):
        return maps
    return _Columns.apply(maps, window)  # pyright: ignore[reportReturnType]


def product(rows: Tensor, weight: Tensor) -> Tensor:
    """Multiply the rows of each task by the weight of the task.

    (n_tasks, n, i), (n_tasks, i, o) -> (n_tasks, n, o)
    """
    return _Product.apply(rows, weight)  # pyright: ignore[reportReturnType]


def product_over_rows(a: Tensor, b: Tensor) -> Tensor:
    """Multiply the transposed rows `a` of each task by the rows `b` of the task.

    (n_tasks, n, i), (n_tasks, n, o) -> (n_tasks, i, o)
    """
    n_parts = 1
    if a.is_cuda:
        n_parts = parts_of(a.shape[1])
    if n_parts == 1:
        return torch.bmm(a.mT, b)
    # A GPU computes each small product on one of its many processors, however many rows
    # it has. Products of parts of the rows, added up, keep all processors busy.
    a_parts = a.unflatten(1, (n_parts, -1)).flatten(0, 1)
    b_parts = b.unflatten(1, (n_parts, -1)).flatten(0, 1)
    products = torch.bmm(a_parts.mT, b_parts)
    return products.unflatten(0, (-1, n_parts)).sum(1)


@cache
def parts_of(n_rows: int) -> int:
    """Return into how many equal parts a GPU splits the rows of a task, at least 1."""
    most = min(_MOST_PARTS, n_rows // _LEAST_ROWS)
    for n_parts in range(most, 1, -1):
        if n_rows % n_parts == 0:
            return n_parts
    return 1


def widened(values: Tensor) -> Tensor:
    """Return bfloat16 values as float32, and other values unchanged.

    Statistics and losses are never computed in half precision.
    """
    if values.dtype is torch.bfloat16:
        return values.float()
    return values


def _gather(maps: Tensor, window: Window) -> Tensor:
    size, stride = window
    n, height, width, channels = maps.shape
    edge = size // 2
    padded = functional.pad(maps, (0, 0, edge, edge, edge, edge))
    step_n, step_h, step_w, _ = padded.stride()
    rows = window.outputs(height)
    cols = window.outputs(width)
    # The pixels of one row of the window lie side by side in memory.
    shape = (n, rows, cols, size, size * channels)
    steps = (
        step_n,
        stride * step_h,
        stride * step_w,
        step_h,
        1,
    )
    seen = padded.as_strided(shape, steps)
    return seen.reshape(n, rows, cols, -1)


def _scatter(
    seen: Tensor,
    window: Window,
    height: int,
    width: int,
) -> Tensor:
    """Add up each pixel over all window positions: the transpose of `_gather`."""
    size, stride = window
    n, rows, cols, _ = seen.shape
    edge = size // 2
    seen = seen.reshape(n, rows, cols, size, size, -1)
    channels = seen.shape[-1]
    maps = seen.new_zeros(
        n,
        height + 2 * edge,
        width + 2 * edge,
        channels,
    )
    for i in range(size):
        last_row = i + stride * rows
        rows_seen = slice(i, last_row, stride)
        for j in range(size):
            last_col = j + stride * cols
            cols_seen = slice(j, last_col, stride)
            here = maps[:, rows_seen, cols_seen]
            here += seen[:, :, :, i, j]
    inner = maps[:, edge : edge + height, edge : edge + width]
    return inner.contiguous()


class _Columns(Function):
    """An autograd function that computes `_gather`. Its derivative is `_scatter`."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, window: Window) -> Tensor:
        ctx.window = window
        ctx.size = maps.shape[1:3]
        return _gather(maps, window)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        height, width = ctx.size
        to_maps = _Scattered.apply(grad, ctx.window, height, width)
        return to_maps, None


class _Scattered(Function):
    """An autograd function that computes `_scatter`. Its derivative is `_gather`."""

    @staticmethod
    def forward(
        ctx: Any,
        seen: Tensor,
        window: Window,
        height: int,
        width: int,
    ) -> Tensor:
        ctx.window = window
        return _scatter(seen, window, height, width)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        to_seen = _Columns.apply(grad, ctx.window)
        return to_seen, None, None, None


class _Product(Function):
    """Like torch.bmm, but the gradient for `rows` has the memory layout of `rows`.

    If the gradient had a transposed layout, torch would have to copy it before adding it
    to other gradients.
    """

    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(rows, weight)
        return torch.bmm(rows, weight)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        rows, weight = ctx.saved_tensors
        to_rows = None
        to_weight = None
        if ctx.needs_input_grad[0]:
            to_rows = torch.bmm(grad, weight.mT)
        if ctx.needs_input_grad[1]:
            to_weight = _WeightGradient.apply(rows, grad)
        return to_rows, to_weight


class _WeightGradient(Function):
    """The gradient of `_Product` for the weight. It can be differentiated again."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, grad: Tensor) -> Tensor:
        ctx.save_for_backward(rows, grad)
        return product_over_rows(rows, grad)

    @staticmethod
    def backward(ctx: Any, u: Tensor) -> tuple[Any, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        rows, grad = ctx.saved_tensors
        to_rows = None
        to_grad = None
        if ctx.needs_input_grad[0]:
            to_rows = torch.bmm(grad, u.mT)
        if ctx.needs_input_grad[1]:
            to_grad = torch.bmm(rows, u)
        return to_rows, to_grad
