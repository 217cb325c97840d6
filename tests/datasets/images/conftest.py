"""Images that several tests of this folder need."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fewbench_tests.encoded_images import smooth


@pytest.fixture
def photo() -> Image.Image:
    return smooth(40, 48)


@pytest.fixture
def drawing() -> Image.Image:
    """One bit a pixel, ink = 0, as in Omniglot."""
    page = np.full((105, 105), 255, dtype=np.uint8)
    page[20:80, 50:53] = page[70:72, 10:90] = 0
    page[range(30, 90), range(15, 75)] = 0
    return Image.fromarray(page).convert("1")


@pytest.fixture(scope="session")
def imagenet(shared_data: Path) -> Path:
    path = shared_data / "imagenet_sample" / "imagenet_full_resolution_100.zip"
    if not path.is_file():
        pytest.skip(f"needs imagenet_sample/{path.name} below FEWBENCH_TEST_DATA")
    return path
