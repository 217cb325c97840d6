"""What files tell about their pixels is said in words, with what was looked at."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.info import DataError
from fewbench.datasets.inspection import pixel_facts as module
from fewbench.datasets.inspection.identify import identify
from fewbench.datasets.inspection.pixel_facts import PixelFacts, pixel_facts

SMOOTH, BETWEEN, ALIASED = 1.3, 1.0, 0.5


def photo(seed: int, steepness: float = SMOOTH) -> Image.Image:
    """Noise whose amplitudes fall with this power of the frequency."""
    chance = np.random.default_rng(seed)
    frequencies = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.rfftfreq(64))
    frequencies[0, 0] = 1
    waves = np.fft.rfft2(chance.normal(size=(64, 64))) / frequencies**steepness
    values = np.fft.irfft2(waves)
    grey = 128 + 40 * values / values.std()
    return Image.fromarray(grey.clip(0, 255).astype(np.uint8)).convert("RGB")


def facts_of(folder: Path) -> PixelFacts:
    with open_tree(folder) as tree:
        return pixel_facts(tree, sorted(tree.names()))


def save(folder: Path, n: int, steepness: float = SMOOTH, before: int = 0) -> None:
    for i in range(n):
        image = photo(i, steepness)
        if before:
            file = io.BytesIO()
            image.save(file, "JPEG", quality=before)
            image = Image.open(file)
        image.save(folder / f"{i:03d}.jpg", quality=95)


def test_a_source_saved_twice_says_both_qualities(folder: Path) -> None:
    save(folder, 20, before=75)
    facts = facts_of(folder)
    assert facts.jpeg.startswith("quality 95, 4:2:0, before that about quality 75")
    assert facts.jpeg.endswith("as Pillow, OpenCV and ImageMagick write them")
    assert facts.spectrum.startswith("smooth, as from a filter that averages (it falls")
    assert facts.spectrum.endswith("20 images)")
    (identity,) = identify(folder).values()
    assert (identity.jpeg, identity.spectrum) == facts


def test_an_aliased_source_says_so(folder: Path) -> None:
    save(folder, 20, ALIASED)
    facts = facts_of(folder)
    assert facts.jpeg.startswith("quality 95, 4:2:0; libjpeg's tables")
    assert facts.spectrum.startswith("aliased, as from a filter that does not average")


def test_few_images_are_not_judged(folder: Path) -> None:
    save(folder, 2, BETWEEN)
    assert facts_of(folder).spectrum.startswith("cannot tell whether smooth or aliased")


def test_mixed_sources_are_counted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(folder, 4)
    photo(1).save(folder / "a.png")
    photo(1).save(folder / "b.jpg", quality="web_high")
    facts = facts_of(folder)
    assert facts.jpeg.startswith("quality 95, 4:2:0 (4), no JPEG (1), about quality")
    assert "libjpeg" not in facts.jpeg
    monkeypatch.setattr(module, "_MOST_HEADERS", 3)
    assert facts_of(folder).jpeg.endswith("; 3 of 6 files looked at")


def test_other_sources_say_nothing(folder: Path) -> None:
    assert facts_of(folder) == ("", "")
    Image.new("1", (105, 105)).save(folder / "a.png")
    assert facts_of(folder) == ("", "")


def test_a_damaged_image_is_refused_by_name(folder: Path) -> None:
    (folder / "a.jpg").write_bytes(b"<html>")
    with pytest.raises(DataError, match="image a.jpg: cannot decode"):
        facts_of(folder)
