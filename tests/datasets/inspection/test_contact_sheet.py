"""A contact sheet has a row for each class."""

import io

import numpy as np
from PIL import Image

from fewbench.datasets.inspection.contact_sheet import contact_sheet
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView


def test_sheet_is_as_large_as_its_classes_and_images(
    bars: dict[str, SplitStore],
) -> None:
    view = ImageView([bars["val"]])
    sheet = Image.open(io.BytesIO(contact_sheet(view, n_classes=5, n_images=3)))
    width, height = 3 * (28 + 2), 12 + 28 + 2
    assert sheet.size == (2 * width + 3 * 2, 3 * height)
    assert sheet.mode == "RGB"


def test_a_contact_sheet_shows_the_images(bars: dict[str, SplitStore]) -> None:
    png = contact_sheet(ImageView([bars["test"]]), n_classes=4, n_images=3)
    sheet = np.asarray(Image.open(io.BytesIO(png)).convert("L")).astype(int)
    first = bars["test"].images[0, :, :, 0].astype(int)
    windows = np.lib.stride_tricks.sliding_window_view(sheet, first.shape)
    assert (np.abs(windows - first).max(axis=(2, 3)) == 0).any()
