"""Arrays of which single rows are read, as from a file."""

import numpy as np


class Rows:
    """An array in memory that answers like one in a file."""

    def __init__(self, images: np.ndarray) -> None:
        self.images, self.shape, self.dtype = images, images.shape, images.dtype

    def rows(self, indices: np.ndarray) -> np.ndarray:
        return self.images[indices]
