import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from fewbench.baselines.gradient.taskwise_functions import (
    Window,
    columns,
    parts_of,
    product,
    product_over_rows,
    widened,
)
from fewbench_tests.cuda import EACH_DEVICE
from fewbench_tests.meta_gradients import arguments


@given(
    st.integers(2, 9),
    st.integers(2, 9),
    st.sampled_from([1, 3, 5]),
    st.sampled_from([1, 2, 3]),
)
def test_columns_times_weights_are_a_convolution(
    height: int, width: int, size: int, stride: int
) -> None:
    generator = torch.Generator().manual_seed(height * 100 + width)
    maps = torch.rand(2, height, width, 3, generator=generator, dtype=torch.float64)
    kernel = torch.rand(4, 3, size, size, generator=generator, dtype=torch.float64)
    if (size, stride) == (1, 1):
        seen = columns(maps, Window(1, 1))
    else:
        seen = columns(maps, Window(size, stride))
    ours = seen @ kernel.permute(2, 3, 1, 0).reshape(-1, 4)
    theirs = functional.conv2d(
        maps.permute(0, 3, 1, 2), kernel, None, stride, size // 2
    )
    torch.testing.assert_close(ours.permute(0, 3, 1, 2), theirs)


@pytest.mark.parametrize(
    "window", [Window(3, 1), Window(3, 2), Window(5, 2), Window(1, 2)]
)
def test_both_derivatives_of_columns(window: Window) -> None:
    (maps,) = arguments((2, 3, 4, 2))
    assert torch.autograd.gradcheck(
        lambda maps: columns(maps, window).square(), (maps,)
    )
    assert torch.autograd.gradgradcheck(
        lambda maps: columns(maps, window).square(), (maps,)
    )


def test_both_derivatives_of_a_product() -> None:
    rows, weight = arguments((2, 4, 3), (2, 3, 5))
    assert torch.autograd.gradcheck(product, (rows, weight))
    assert torch.autograd.gradgradcheck(product, (rows, weight))


@pytest.mark.parametrize(
    ("length", "stride", "expected"), [(28, 2, 14), (7, 2, 4), (5, 1, 5)]
)
def test_a_window_has_as_many_positions_as_a_convolution(
    length: int, stride: int, expected: int
) -> None:
    assert Window(3, stride).outputs(length) == expected
    maps = torch.zeros(1, 1, length, length)
    kernel = torch.zeros(1, 1, 3, 3)
    result = functional.conv2d(maps, kernel, None, stride, 1)
    assert result.shape[-1] == expected


@given(st.integers(1, 600_000))
def test_the_parts_of_rows_are_equal_and_not_small(n_rows: int) -> None:
    n_parts = parts_of(n_rows)
    assert n_rows % n_parts == 0
    assert n_parts == 1 or n_rows // n_parts >= 64
    assert n_parts <= 512


@pytest.mark.parametrize("device", EACH_DEVICE)
@pytest.mark.parametrize("n_rows", [5, 128, 35_280, 99_225])
def test_a_product_over_rows_in_parts_is_the_whole_product(
    device: str, n_rows: int
) -> None:
    a = torch.rand(3, n_rows, 7, dtype=torch.float64, device=device)
    b = torch.rand(3, n_rows, 4, dtype=torch.float64, device=device)
    expected = a.mT @ b
    torch.testing.assert_close(product_over_rows(a, b), expected)
    across = a.mT.contiguous().mT
    torch.testing.assert_close(product_over_rows(across, b), expected)


def test_only_bfloat16_is_widened() -> None:
    for dtype, expected in (
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ):
        assert widened(torch.zeros(1, dtype=dtype)).dtype == expected
