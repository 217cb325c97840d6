"""A filter sheet has a row for each image and a column for each filter."""

import io

import numpy as np
from PIL import Image

from fewbench.datasets.images.resample import RESAMPLING, resize
from fewbench.datasets.inspection.filter_sheet import filter_sheet
from fewbench_tests.encoded_images import pattern


def test_rows_and_columns_show_the_resized_images() -> None:
    red = Image.new("RGB", (40, 30), (200, 0, 0))
    sheet = Image.open(io.BytesIO(filter_sheet([("a", red), ("b", red)], (10, 90))))
    width, rest = divmod(sheet.width, len(RESAMPLING))
    assert rest == 0
    assert width >= 90
    row_height = 13 + 10 + 2
    assert sheet.height == 13 + 2 * row_height
    for column in range(len(RESAMPLING)):
        pixel = sheet.getpixel((column * width + 5, 13 + 13 + 5))
        assert pixel == (200, 0, 0)


def test_a_sheet_shows_each_filter_in_its_column() -> None:
    images = [(f"image {i}", Image.fromarray(pattern(60, 80 + i, 3))) for i in range(2)]
    with Image.open(io.BytesIO(filter_sheet(images, (30, 90), zoom=2))) as sheet:
        pixels = np.asarray(sheet)
    columns = np.split(pixels, len(RESAMPLING), axis=1)
    for (_, image), top in zip(images, (26, 26 + 75), strict=True):
        for column, name in zip(columns, RESAMPLING, strict=True):
            expected = resize(image, (30, 90), name).repeat(2, 0).repeat(2, 1)
            np.testing.assert_array_equal(column[top : top + 60, :180], expected)


def test_a_sheet_of_small_images_has_room_for_its_labels() -> None:
    grey = Image.fromarray(np.full((20, 20), 128, np.uint8))
    with Image.open(io.BytesIO(filter_sheet([("dot", grey)], (4, 4)))) as sheet:
        heading = np.asarray(sheet.convert("L"))[:13]
    columns = np.split(heading, len(RESAMPLING), axis=1)
    assert all(column.min() < 100 for column in columns)  # a name in every one
    assert all(
        np.all(column[:, -1] == 255) for column in columns
    )  # and none runs into the next
