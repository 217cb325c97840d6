"""Compute batch norm and ReLU for many tasks at once, with exact second derivatives.

torch.vmap can compute batch norm too, but its second derivatives depend on the version of
torch: they are exact in 2.14.1, and wrong by 0.2 to 8 % in 2.15 (float64; see
pytorch/functorch#534). On a CPU, torch.vmap is also slower, because it passes over the
rows more often.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function


def norm_relu(
    rows: Tensor,
    scale: Tensor,
    shift: Tensor,
    eps: float,
    relu: bool,
) -> Tensor:
    """Normalise the rows of each task, as a batch norm does.

    rows: float (n_tasks, n_rows, C); the result has the same shape
    scale, shift: float (n_tasks, 1, C)
    relu: whether a ReLU follows the norm
    """
    return _Norm.apply(rows, scale, shift, eps, relu)  # pyright: ignore[reportReturnType]


def _mean(a: Tensor) -> Tensor:
    """Return the mean over the rows of each task: (n_tasks, 1, C)"""
    return a.mean(1, keepdim=True)


def _mean_product(a: Tensor, b: Tensor) -> Tensor:
    """Return the mean of a * b over the rows of each task: (n_tasks, 1, C)"""
    return (a * b).mean(1, keepdim=True)


def _masked(grad: Tensor, output: Tensor | None) -> Tensor:
    """Return the gradient, set to zero where the output of ReLU is zero.

    output: the output of ReLU; None if there is no ReLU
    """
    if output is None:
        return grad
    return torch.ops.aten.threshold_backward(grad, output, 0)


def _detached(value: Tensor | None) -> Tensor | None:
    if value is None:
        return None
    return value.detach()


class _Norm(Function):
    """y = relu(scale * x + shift) with x = (rows - mean) / deviation."""

    @staticmethod
    def forward(
        ctx: Any,
        rows: Tensor,
        scale: Tensor,
        shift: Tensor,
        eps: float,
        relu: bool,
    ) -> Tensor:
        # Mean and variance take two passes over the rows. On a CPU, torch.var_mean over
        # an inner dimension takes twenty times as long.
        x = rows - _mean(rows)
        variance = _mean_product(x, x)
        inverse = torch.rsqrt(variance + eps)
        x.mul_(inverse)
        y = torch.addcmul(shift, x, scale)
        output = None
        if relu:
            y = y.clamp_min_(0)
            output = y
        ctx.save_for_backward(rows, scale, x, inverse, output)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        rows, scale, x, inverse, output = ctx.saved_tensors
        gradients = _NormBackward.apply(
            grad,
            rows,
            scale,
            _detached(x),
            _detached(inverse),
            _detached(output),
        )
        to_rows, to_scale, to_shift = gradients  # pyright: ignore[reportGeneralTypeIssues]
        return to_rows, to_scale, to_shift, None, None


class _NormBackward(Function):
    """The gradient of _Norm. It can be differentiated again.

    Let h be the masked gradient, inverse = 1 / deviation, and m(.) the mean over the n
    rows of a task. The gradients are
    - for rows: scale * inverse * (h - m(h) - x m(h x))
    - for scale: n m(h x)
    - for shift: n m(h)
    x and inverse depend on `rows`, but autograd gets them as constants. `backward`
    therefore returns the derivatives through x and inverse as the gradient for `rows`.
    `rows` is an argument only for this purpose.
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
        n = grad.shape[1]
        h = _masked(grad, y)
        mean_h = _mean(h)
        mean_hx = _mean_product(h, x)
        to_rows = torch.addcmul(h - mean_h, x, -mean_hx)
        to_rows.mul_(scale * inverse)
        to_scale = mean_hx * n
        to_shift = mean_h * n
        ctx.save_for_backward(
            scale,
            x,
            inverse,
            y,
            h,
            mean_h,
            mean_hx,
        )
        return to_rows, to_scale, to_shift

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any,
        u: Tensor,
        a: Tensor,
        b: Tensor,
    ) -> tuple[Any, ...]:
        """Return the gradients for the arguments of `forward`.

        The outputs of `forward` are the gradients for rows, scale and shift. u, a and b
        are the gradients for these three outputs. The sum of all outputs times their
        gradients is
        n (slope (m(uh) - m(u) m(h) - m(ux) m(hx)) + a m(hx) + b m(h))
        with slope = scale * inverse. This sum is differentiated by h, x and inverse.
        The chain rule then gives the gradient for rows, through x and inverse.
        """
        scale, x, inverse, y, h, mean_h, mean_hx = ctx.saved_tensors
        n = h.shape[1]
        slope = scale * inverse
        mean_u = _mean(u)
        mean_ux = _mean_product(u, x)
        mean_uh = _mean_product(u, h)
        core = mean_uh - mean_u * mean_h - mean_ux * mean_hx
        of_x = a - slope * mean_ux
        constant = b - slope * mean_u
        to_grad = torch.addcmul(constant, x, of_x)
        to_grad.addcmul_(u, slope)
        of_u = -slope * mean_hx
        # The gradient by x is g = of_u * u + of_x * h. Its means need no further pass.
        mean_g = of_u * mean_u + of_x * mean_h
        mean_gx = of_u * mean_ux + of_x * mean_hx
        along_x = -inverse * (mean_gx + slope * core)
        to_rows = torch.addcmul(-inverse * mean_g, x, along_x)
        to_rows.addcmul_(u, inverse * of_u)
        to_rows.addcmul_(h, inverse * of_x)
        to_scale = n * inverse * core
        to_grad = _masked(to_grad, y)
        return to_grad, to_rows, to_scale, None, None, None
