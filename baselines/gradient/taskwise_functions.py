"""The operations that tasks with weights of their own need, with their second derivatives.

Arrays hold tasks, rows and channels; a row is one position of one image. torch.vmap's own rule for
batch norm depends on torch's version (exact in 2.14.1; second derivatives 0.2 to 8 % off in 2.15,
float64; see pytorch/functorch#534), and is slower: each pass over the rows counts on a CPU.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional


class Window(NamedTuple):
    """A square convolution window, padded by half its size."""

    size: int
    stride: int

    def outputs(self, length: int) -> int:
        """How many positions there are along an edge of `length` pixels."""
        return (length - 1) // self.stride + 1


def columns(maps: Tensor, window: Window) -> Tensor:
    """What the window sees at each position: (n, H, W, C) -> (n, H', W', size * size * C)

    Convolution is then one matrix product. `scatter` is its transpose, and so its derivative.
    """
    if window == (1, 1):
        return maps
    return _Columns.apply(maps, window)  # pyright: ignore[reportReturnType]


def product(rows: Tensor, weight: Tensor) -> Tensor:
    """Each task's rows times its weight: (n_tasks, n, i), (n_tasks, i, o) -> (n_tasks, n, o)"""
    return _Product.apply(rows, weight)  # pyright: ignore[reportReturnType]


def norm_relu(
    rows: Tensor, scale: Tensor, shift: Tensor, eps: float, relu: bool
) -> Tensor:
    """Batch norm over the rows of each task, then ReLU if asked for.

    rows: (n_tasks, n_rows, C); scale, shift: (n_tasks, 1, C) -> (n_tasks, n_rows, C)
    """
    return _Norm.apply(rows, scale, shift, eps, relu)  # pyright: ignore[reportReturnType]


def widened(values: Tensor) -> Tensor:
    """bfloat16 as float32: statistics and losses are never taken in half precision."""
    return values.float() if values.dtype is torch.bfloat16 else values


def _gather(maps: Tensor, window: Window) -> Tensor:
    n, height, width, channels = maps.shape
    edge = window.size // 2
    padded = functional.pad(maps, (0, 0, edge, edge, edge, edge))
    step_n, step_h, step_w, _ = padded.stride()
    # The pixels of one row of the window lie side by side in memory.
    shape = (
        n,
        window.outputs(height),
        window.outputs(width),
        window.size,
        window.size * channels,
    )
    steps = (step_n, window.stride * step_h, window.stride * step_w, step_h, 1)
    return padded.as_strided(shape, steps).reshape(*shape[:3], -1)


def _scatter(seen: Tensor, window: Window, height: int, width: int) -> Tensor:
    n, rows, cols, _ = seen.shape
    size, stride, edge = window.size, window.stride, window.size // 2
    seen = seen.reshape(n, rows, cols, size, size, -1)
    maps = seen.new_zeros(n, height + 2 * edge, width + 2 * edge, seen.shape[-1])
    for i in range(size):
        for j in range(size):
            here = maps[
                :, i : i + stride * rows : stride, j : j + stride * cols : stride
            ]
            here += seen[:, :, :, i, j]
    return maps[:, edge : edge + height, edge : edge + width].contiguous()


class _Columns(Function):
    @staticmethod
    def forward(ctx: Any, maps: Tensor, window: Window) -> Tensor:
        ctx.window, ctx.size = window, maps.shape[1:3]
        return _gather(maps, window)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _Scattered.apply(grad, ctx.window, *ctx.size), None


class _Scattered(Function):
    @staticmethod
    def forward(
        ctx: Any, seen: Tensor, window: Window, height: int, width: int
    ) -> Tensor:
        ctx.window = window
        return _scatter(seen, window, height, width)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _Columns.apply(grad, ctx.window), None, None, None


class _Product(Function):
    """As torch.bmm, but derivatives by rows are never transposed: adding them would copy them."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(rows, weight)
        return torch.bmm(rows, weight)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        rows, weight = ctx.saved_tensors
        wanted = ctx.needs_input_grad
        to_rows = torch.bmm(grad, weight.mT) if wanted[0] else None
        return to_rows, _WeightGradient.apply(rows, grad) if wanted[1] else None


class _WeightGradient(Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor, grad: Tensor) -> Tensor:
        ctx.save_for_backward(rows, grad)
        return torch.bmm(rows.mT, grad)

    @staticmethod
    def backward(ctx: Any, u: Tensor) -> tuple[Any, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        rows, grad = ctx.saved_tensors
        wanted = ctx.needs_input_grad
        to_rows = torch.bmm(grad, u.mT) if wanted[0] else None
        return to_rows, torch.bmm(rows, u) if wanted[1] else None


def _mean(a: Tensor, b: Tensor | None = None) -> Tensor:
    """Mean over the rows of a task: (n_tasks, 1, C)"""
    return (a if b is None else a * b).mean(1, keepdim=True)


def _masked(grad: Tensor, output: Tensor | None) -> Tensor:
    return (
        grad if output is None else torch.ops.aten.threshold_backward(grad, output, 0)
    )


class _Norm(Function):
    """y = relu(scale * x + shift) with x = (rows - mean) / deviation."""

    @staticmethod
    def forward(
        ctx: Any, rows: Tensor, scale: Tensor, shift: Tensor, eps: float, relu: bool
    ) -> Tensor:
        # Two passes: torch.var_mean over an inner dimension takes twenty times as long on a CPU.
        x = rows - _mean(rows)
        inverse = torch.rsqrt(_mean(x, x) + eps)
        x.mul_(inverse)
        y = torch.addcmul(shift, x, scale)
        y = y.clamp_min_(0) if relu else y
        ctx.save_for_backward(rows, scale, x, inverse, y if relu else None)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        rows, scale, *kept = ctx.saved_tensors
        kept = (None if one is None else one.detach() for one in kept)
        return *_NormBackward.apply(grad, rows, scale, *kept), None, None  # pyright: ignore[reportGeneralTypeIssues]


class _NormBackward(Function):
    """The gradient of _Norm, and its own: with h the masked gradient and m(.) the mean over rows,

    to rows: scale * inverse * (h - m(h) - x m(h x)); to scale: n m(h x); to shift: n m(h).
    `rows` is an argument for its derivative alone: x and inverse are functions of it.
    """

    @staticmethod
    def forward(
        ctx: Any,
        grad: Tensor,
        rows: Tensor,
        scale: Tensor,
        x: Tensor,
        inverse: Tensor,
        y: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        del rows
        h = _masked(grad, y)
        mean_h, mean_hx = _mean(h), _mean(h, x)
        to_rows = torch.addcmul(h - mean_h, x, -mean_hx).mul_(scale * inverse)
        ctx.save_for_backward(scale, x, inverse, y, h, mean_h, mean_hx)
        return to_rows, mean_hx * h.shape[1], mean_h * h.shape[1]

    @staticmethod
    def backward(ctx: Any, u: Tensor, a: Tensor, b: Tensor) -> tuple[Any, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Gradients from those of the three outputs: u to rows, a to scale, b to shift.

        The sum of products of outputs and gradients is
        n (slope (m(uh) - m(u) m(h) - m(ux) m(hx)) + a m(hx) + b m(h)) with slope = scale * inverse;
        it is differentiated by h, by x, and by inverse, and x and inverse by rows.
        """
        scale, x, inverse, y, h, mean_h, mean_hx = ctx.saved_tensors
        slope = scale * inverse
        mean_u, mean_ux = _mean(u), _mean(u, x)
        core = _mean(u, h) - mean_u * mean_h - mean_ux * mean_hx
        of_x = a - slope * mean_ux
        to_grad = torch.addcmul(b - slope * mean_u, x, of_x).addcmul_(u, slope)
        of_u = -slope * mean_hx
        # g = of_u * u + of_x * h is the gradient by x; its means need no further pass.
        mean_g, mean_gx = of_u * mean_u + of_x * mean_h, of_u * mean_ux + of_x * mean_hx
        along_x = -inverse * (mean_gx + slope * core)
        to_rows = torch.addcmul(-inverse * mean_g, x, along_x)
        to_rows.addcmul_(u, inverse * of_u).addcmul_(h, inverse * of_x)
        to_scale = h.shape[1] * inverse * core
        return _masked(to_grad, y), to_rows, to_scale, None, None, None
