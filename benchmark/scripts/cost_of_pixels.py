"""What other pixels cost a trained model: the table of docs/data.md.

    python benchmark/scripts/cost_of_pixels.py MODEL ORIGINALS docs/data.md

A development script, seeded. MODEL is a checkpoint that `fewbench evaluate` takes, trained
on images of 84 x 84. ORIGINALS is a folder or archive with class folders of images in full
size. Each image is squashed to 84 x 84 by each filter and then saved as JPEG in several
ways. The model answers the same episodes on all of them by the nearest class mean. The
table replaces what is between the markers of the file.
"""

import argparse
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from PIL import Image

from fewbench.benchmark.models import Loading, load_model
from fewbench.datasets.images.decode import decode
from fewbench.datasets.images.resample import RESAMPLING, resize
from fewbench.datasets.info import Request
from fewbench.datasets.layouts.source_file import IMAGE_SUFFIXES
from fewbench.datasets.layouts.source_files import open_source

SEED = 0
MARKERS = "<!-- pixels -->", "<!-- /pixels -->"
SIDE = 84
WAY, QUERY = 5, 7
SHOTS = (1, 5)
N_EPISODES = 4_000
# The qualities of the JPEG steps, the first step first.
STEPS = ((), (95,), (85,), (75,), (50,), (75, 95))
# The pixels that the model was trained on, from which the differences are taken.
TRAINED_ON = ("cv2-area", (75, 95))
Z = 1.96  # of a 95 % interval


@dataclass(frozen=True)
class Episodes:
    """Episodes of one shot.

    support: int (n, way, shot) and query: int (n, way, query), positions of images
    """

    support: np.ndarray
    query: np.ndarray


def read_originals(source: Path) -> dict[str, list[Image.Image]]:
    """Return class folder -> its images in RGB, sorted by name."""
    tree = open_source(Request(source)).tree
    by_class: dict[str, list[Image.Image]] = {}
    for name in tree.names():
        if name.lower().endswith(IMAGE_SUFFIXES):
            image = decode(tree.read(name), name, "RGB")
            by_class.setdefault(PurePosixPath(name).parent.name, []).append(image)
    return by_class


def draw(by_class: dict[str, list[Image.Image]], shot: int) -> Episodes:
    """Draw the episodes of one shot. Each image is in an episode at most once."""
    rng = np.random.default_rng([SEED, shot])
    counts = [len(images) for images in by_class.values()]
    starts = np.concatenate([[0], np.cumsum(counts)])
    support, query = [], []
    for _ in range(N_EPISODES):
        drawn = []
        for c in rng.choice(len(counts), WAY, replace=False):
            drawn.append(starts[c] + rng.choice(counts[c], shot + QUERY, replace=False))
        support.append(np.stack(drawn)[:, :shot])
        query.append(np.stack(drawn)[:, shot:])
    return Episodes(np.stack(support), np.stack(query))


def after_jpeg(image: np.ndarray, qualities: tuple[int, ...]) -> np.ndarray:
    """Save an image as JPEG, colours at half size, and read it again, in each quality."""
    for quality in qualities:
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=quality)
        image = np.asarray(Image.open(buffer))
    return image


def accuracies(features: np.ndarray, episodes: Episodes) -> np.ndarray:
    """Return the accuracy of each episode in percent, by the nearest class mean.

    features: float64 (n_images, d)
    """
    products = features @ features.T
    support = episodes.support
    query = episodes.query.reshape(N_EPISODES, WAY * QUERY)
    # Products of each query image with each class mean: (n, way * query, way)
    with_means = products[query[:, :, None, None], support[:, None]].mean(-1)
    # Products of each class mean with itself: (n, way)
    of_means = products[support[:, :, :, None], support[:, :, None]].mean((2, 3))
    predicted = (2 * with_means - of_means[:, None]).argmax(-1)
    truth = np.repeat(np.arange(WAY), QUERY)
    return 100 * np.mean(predicted == truth, axis=1)


def measure(
    model: Any, originals: Path
) -> Iterator[tuple[str, tuple[int, ...], list[np.ndarray]]]:
    """Yield filter, JPEG steps, and the accuracies of the episodes of each shot."""
    by_class = read_originals(originals)
    images = [image for of_class in by_class.values() for image in of_class]
    episodes = [draw(by_class, shot) for shot in SHOTS]
    for resampling in RESAMPLING:
        made = [resize(image, (SIDE, SIDE), resampling) for image in images]
        for steps in STEPS:
            pixels = np.stack([after_jpeg(image, steps) for image in made])
            features = np.asarray(model.embed(pixels).cpu(), np.float64)
            yield resampling, steps, [accuracies(features, one) for one in episodes]


def words(steps: tuple[int, ...]) -> str:
    return ", then ".join(map(str, steps)) or "none"


def cell(values: np.ndarray, reference: np.ndarray) -> str:
    """Return the mean, and its paired difference with a 95 % interval."""
    difference = values - reference
    half = Z * difference.std(ddof=1) / np.sqrt(len(difference))
    return f"{values.mean():.1f} ({difference.mean():+.2f} ± {half:.2f})"


def table(model: Any, originals: Path) -> str:
    found = {}
    for resampling, steps, values in measure(model, originals):
        found[resampling, steps] = values
        print(
            resampling,
            words(steps),
            *[f"{one.mean():.2f}" for one in values],
            flush=True,
        )
    reference = found[TRAINED_ON]
    lines = []
    for place, shot in enumerate(SHOTS):
        lines.append(
            f"| {WAY}-way {shot}-shot | " + " | ".join(map(words, STEPS)) + " |"
        )
        lines.append("|---" * (1 + len(STEPS)) + "|")
        for resampling in RESAMPLING:
            cells = [
                cell(found[resampling, steps][place], reference[place])
                for steps in STEPS
            ]
            lines.append(f"| {resampling} | " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("originals", type=Path)
    parser.add_argument("document", type=Path)
    arguments = parser.parse_args()
    model = load_model(arguments.model, Loading())
    found = table(model, arguments.originals)
    text = arguments.document.read_text("utf-8")
    before, _, rest = text.partition(MARKERS[0])
    _, _, after = rest.partition(MARKERS[1])
    whole = f"{before}{MARKERS[0]}\n{found}{MARKERS[1]}{after}"
    arguments.document.write_text(whole, "utf-8")


if __name__ == "__main__":
    main()
