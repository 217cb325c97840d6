"""`bars`: a tiny dataset in the form of a real builder, for tests of what comes after it."""

from functools import partial

import numpy as np

from fewbench.datasets.info import (
    ClassImages,
    DatasetInfo,
    Listing,
    Request,
    SplitCounts,
)

SPLIT_CLASSES = {"train": 12, "val": 6, "test": 8}
IMAGES_PER_CLASS = 20


def draw_class(split: str, c: int) -> np.ndarray:
    """uint8 (20, 28, 28, 1): a bright bar whose place and length belong to the class, plus noise"""
    rng = np.random.default_rng([list(SPLIT_CLASSES).index(split), c])
    images = rng.integers(0, 60, (IMAGES_PER_CLASS, 28, 28, 1), dtype=np.uint8)
    row, column, length = rng.integers(3, 22, 3)
    images[:, row : row + 4, column : column + length] = 250
    return images


def list_bars(request: Request) -> Listing:
    names = tuple(f"{i:02d}" for i in range(IMAGES_PER_CLASS))
    return Listing(
        tuple(
            ClassImages(split, f"{split}-{c:02d}", names, partial(draw_class, split, c))
            for split, n_classes in SPLIT_CLASSES.items()
            for c in range(n_classes)
        ),
        ("drawn by the tests",),
        "drawings",
    )


BARS = DatasetInfo(
    name="bars",
    title="Bars, for tests",
    image_shape=(28, 28, 1),
    splits={s: SplitCounts(n, n * IMAGES_PER_CLASS) for s, n in SPLIT_CLASSES.items()},
    split_scheme="bars",
    resampling="drawn",
    polarity="ink 255 on 0",
    licence="MIT",
    citation="none",
    list_classes=list_bars,
)
