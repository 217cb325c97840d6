"""The brightness of an image."""

import numpy as np

# The weights of red, green and blue in the luma (brightness) of JPEG.
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
