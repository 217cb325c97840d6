import numpy as np
import pytest
import torch
from torch.nn import functional

from fewbench.baselines.gradient.taskwise_norm_relu import norm_relu
from fewbench_tests.meta_gradients import arguments


@pytest.mark.parametrize("relu", [True, False])
def test_both_derivatives_of_batch_norm(relu: bool) -> None:
    rows, scale, shift = arguments((2, 7, 3), (2, 1, 3), (2, 1, 3))

    def function(rows, scale, shift):
        return norm_relu(rows, scale, shift, 1e-3, relu)

    assert torch.autograd.gradcheck(function, (rows, scale, shift))
    assert torch.autograd.gradgradcheck(function, (rows, scale, shift))


def test_batch_norm_of_a_constant_stays_finite() -> None:
    rows = torch.full((1, 6, 2), 0.3, requires_grad=True)
    scale, shift = torch.ones(1, 1, 2), torch.full((1, 1, 2), 0.5)
    result = norm_relu(rows, scale, shift, 1e-3, True)
    np.testing.assert_allclose(result.detach().numpy(), 0.5, atol=1e-6)
    (slope,) = torch.autograd.grad(result.sum(), rows, create_graph=True)
    assert bool(slope.isfinite().all())


@pytest.mark.parametrize("relu", [True, False])
def test_each_task_is_normalised_as_torch_does(relu: bool) -> None:
    rows, scale, shift = arguments((2, 7, 3), (2, 1, 3), (2, 1, 3))
    ours = norm_relu(rows, scale, shift, 1e-3, relu)
    for task in range(2):
        theirs = functional.batch_norm(
            rows[task],
            None,
            None,
            scale[task, 0],
            shift[task, 0],
            training=True,
            eps=1e-3,
        )
        if relu:
            theirs = theirs.relu()
        torch.testing.assert_close(ours[task], theirs, rtol=1e-10, atol=1e-12)
