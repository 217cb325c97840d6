"""Mark tests that need a GPU."""

import pytest
import torch

NEEDS_CUDA = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="no CUDA device is here"
)
EACH_DEVICE = ("cpu", pytest.param("cuda", marks=NEEDS_CUDA))
