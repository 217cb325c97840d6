"""Calibrate datasets/images/spectrum.py on full-size photos. A development script.

    python datasets/scripts/calibrate_spectrum.py imagenet_full_resolution_100.zip

The photos with even places, in the order of their names, give the calibration. It is
tested on the others. Both are shrunk by every filter, and saved as JPEG or not. The first
lines are the values for spectrum.py; the tables are for docs/data.md.
"""

import argparse
import io
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.images.decode import decode
from fewbench.datasets.images.resample import RESAMPLING, resize
from fewbench.datasets.images.spectrum import ALIASING, falls, tell_spectrum
from fewbench.datasets.layouts.source_file import IMAGE_SUFFIXES

SIDE = 84  # px
GROUP = 20  # photos that are judged together
GROUPS = 500
SEED = 16
# Name -> the qualities of the JPEG files, one after the other.
SAVED = {"plain": (), "JPEG 75, 95": (75, 95)}
VERDICTS = ("smooth", "aliased", "cannot tell")
Kinds = dict[tuple[str, str], np.ndarray]  # (filter, saved) -> uint8 (n, SIDE, SIDE, 3)


def read_photos(path: Path) -> list[Image.Image]:
    with open_tree(path) as tree:
        names = sorted(
            name for name in tree.names() if name.lower().endswith(IMAGE_SUFFIXES)
        )
        return [decode(tree.read(name), name, "RGB") for name in names]


def saved_as_jpeg(pixels: np.ndarray, qualities: tuple[int, ...]) -> np.ndarray:
    for quality in qualities:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=quality)
        pixels = np.asarray(decode(file.getvalue(), "photo", "RGB"))
    return pixels


def shrink(photos: list[Image.Image]) -> Kinds:
    kinds: Kinds = {}
    for name in RESAMPLING:
        small = [resize(photo, (SIDE, SIDE), name) for photo in photos]
        for saved, qualities in SAVED.items():
            images = [saved_as_jpeg(pixels, qualities) for pixels in small]
            kinds[name, saved] = np.stack(images)
    return kinds


def calibrate(kinds: Kinds) -> None:
    """Print the values for spectrum.py."""
    of_each = {kind: falls(images) for kind, images in kinds.items()}
    aliased = [fall.mean() for kind, fall in of_each.items() if kind[0] in ALIASING]
    smooth = [fall.mean() for kind, fall in of_each.items() if kind[0] not in ALIASING]
    spread = max(fall.std(ddof=1) for fall in of_each.values())
    border = (min(aliased) + max(smooth)) / 2
    print(f"aliased from {min(aliased):.2f}, smooth up to {max(smooth):.2f} dB")
    print(f"BORDER = {border:.2f}  SPREAD = {spread:.2f}")


def judge(kinds: Kinds, n_together: int) -> None:
    """Print a confusion table: for each kind, the verdicts over groups of photos."""
    chance = np.random.default_rng(SEED)
    print(f"\n| filter | saved as | {' | '.join(VERDICTS)} |\n|---|---|--:|--:|--:|")
    n_wrong = n_judged = 0
    for (name, saved), images in kinds.items():
        truth = "aliased" if name in ALIASING else "smooth"
        counts: Counter[str] = Counter()
        for group in groups_of(len(images), n_together, chance):
            spectrum = tell_spectrum(images[group])
            assert spectrum is not None
            counts[spectrum.verdict] += 1
        total = counts.total()
        n_judged += total
        n_wrong += total - counts[truth] - counts["cannot tell"]
        shares = [f"{100 * counts[verdict] / total:.1f}" for verdict in VERDICTS]
        print(f"| `{name}` | {saved} | {' | '.join(shares)} |")
    print(f"\n{n_together} together: {n_wrong} of {n_judged:,} wrong")


def groups_of(n: int, n_together: int, chance: np.random.Generator) -> list[np.ndarray]:
    if n_together == 1:
        return list(np.arange(n)[:, None])
    return [chance.choice(n, n_together, replace=False) for _ in range(GROUPS)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("photos", type=Path)
    photos = read_photos(parser.parse_args().photos)
    calibrate(shrink(photos[::2]))
    held_out = shrink(photos[1::2])
    for n_together in (1, 10, GROUP):
        judge(held_out, n_together)


if __name__ == "__main__":
    main()
