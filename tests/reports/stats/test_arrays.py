"""The names of array types stand for what they say."""

import numpy as np
from numpy.typing import NDArray

from fewbench.reports.stats.arrays import FloatArray, IntArray


def test_the_names_stand_for_numpy_types() -> None:
    assert FloatArray == NDArray[np.float64]
    assert IntArray == NDArray[np.integer]
