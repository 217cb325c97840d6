"""The tables of a JPEG file tell the quality, the subsampling and who wrote them."""

import io

import numpy as np
import pytest
from PIL import Image
from PIL.JpegPresets import presets

from fewbench.datasets.images.jpeg_tables import jpeg_setting, luma_table, standard_luma


def reopened(mode: str = "RGB", **saved: object) -> Image.Image:
    file = io.BytesIO()
    Image.new(mode, (16, 16)).save(file, "JPEG", **saved)
    return Image.open(file)


@pytest.mark.parametrize("quality", range(1, 101))
def test_each_quality_of_libjpeg_is_read_exactly(quality: int) -> None:
    image = reopened(quality=quality)
    assert jpeg_setting(image) == f"quality {quality}, 4:2:0"
    assert jpeg_setting(reopened("L", quality=quality)) == f"quality {quality}, grey"
    table = luma_table(image)
    assert table is not None
    assert (table == standard_luma(quality)).all()


@pytest.mark.parametrize(
    ("subsampling", "words"), [(0, "4:4:4"), (1, "4:2:2"), (2, "4:2:0")]
)
def test_the_subsampling_is_read(subsampling: int, words: str) -> None:
    image = reopened(quality=90, subsampling=subsampling)
    assert jpeg_setting(image) == f"quality 90, {words}"


@pytest.mark.parametrize("preset", presets)
def test_tables_of_photoshop_are_known(preset: str) -> None:
    said = jpeg_setting(reopened(quality=preset))
    assert said.startswith("about quality ")
    assert f"(Photoshop's tables {preset})" in said


def test_tables_of_others_get_the_nearest_quality() -> None:
    flat = [20] * 64
    said = jpeg_setting(reopened(qtables=[flat, flat]))
    assert "tables other than libjpeg's" in said
    near = standard_luma(80).reshape(-1)
    near = near + (np.arange(64) % 7 == 0)
    chroma = [17] * 64
    said = jpeg_setting(reopened(qtables=[near.tolist(), chroma]))
    assert said.startswith("about quality 80 (tables other")


def test_a_quality_must_fit_both_tables() -> None:
    mixed = [
        standard_luma(80).reshape(-1).tolist(),
        standard_luma(80).reshape(-1).tolist(),
    ]
    assert jpeg_setting(reopened(qtables=mixed)).startswith("about quality 80 (tables")


def test_other_files_have_no_quality() -> None:
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, "PNG")
    image = Image.open(file)
    assert jpeg_setting(image) == ""
    assert luma_table(image) is None
