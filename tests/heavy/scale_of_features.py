"""How long evaluations of a large split take, and how much memory, by features and episodes.

    python tests/heavy/scale_of_features.py FOLDER

FOLDER needs 5 GB: a split of 208,000 made images of 84 x 84 pixels is built there once. Each
evaluation runs in a process of its own, which prints its seconds and its peak of memory.
"""

import json
import resource
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from fewbench.baselines.learner import EmbeddingLearner, LearnerCard
from fewbench.baselines.metric.centroid import Centroid
from fewbench.benchmark.evaluate import evaluate
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.protocols.stream import EpisodeStream
from fewbench.datasets import BUILDERS
from fewbench.datasets.build import build
from fewbench.datasets.info import ClassImages, Listing, Request
from fewbench.datasets.root import open_split
from fewbench.datasets.view import ImageView

CLASSES = 160
IMAGES = 1300
DATASET = "tieredimagenet"
# Widths of features in float32, as of a small and a large network; 0 for the uint8 pixels.
WIDTHS = (64, 1600, 0)
CASES = (
    ("5w1s", 40),
    ("5w1s", 1000),
    ("5w1s", 10_000),
    ("20w5s", 40),
    ("20w5s", 1000),
)


class FirstPixels(EmbeddingLearner):
    """Takes the first pixels of an image as its features: float32"""

    def __init__(self, width: int) -> None:
        self.width = width
        self.card = LearnerCard("first-pixels")

    def embed(self, images: np.ndarray) -> torch.Tensor:
        pixels = images.reshape(len(images), -1)[:, : self.width]
        return torch.from_numpy(pixels.astype(np.float32))


def draw(c: int) -> np.ndarray:
    """Draw the images of class c: coarse colours of its own, with noise."""
    generator = np.random.default_rng(c)
    coarse = generator.integers(0, 200, (1, 6, 6, 3))
    own = coarse + generator.integers(-60, 60, (IMAGES, 6, 6, 3))
    squares = own.clip(0, 215).astype(np.uint8)
    images = squares.repeat(14, axis=1).repeat(14, axis=2)
    images += generator.integers(0, 40, images.shape, np.uint8)
    return images


def make_split(root: Path) -> None:
    names = tuple(f"{i:06d}" for i in range(IMAGES))
    classes = []
    for c in range(CLASSES):
        classes.append(ClassImages("test", f"n{c:08d}", names, partial(draw, c)))
    listing = Listing(tuple(classes), layout="made", resampling="none", partial=True)
    info = replace(BUILDERS[DATASET], list_classes=lambda *_, **__: listing)
    build(info, root, Request(root, allow_missing=True))


def measure(root: Path, width: int, shape: str, n_episodes: int) -> None:
    """Evaluate once, and print the seconds and the peak of memory as JSON."""
    protocol = replace(find_protocol(f"{DATASET}-{shape}"), n_episodes=n_episodes)
    stream = EpisodeStream(
        protocol, ImageView([open_split(BUILDERS[DATASET], root, "test")])
    )
    learner = FirstPixels(width) if width else Centroid()
    began = time.perf_counter()
    evaluate(learner, stream)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    say(json.dumps({"seconds": seconds, "GiB": peak}))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(root: Path) -> None:
    if not (root / DATASET).is_dir():
        make_split(root)
    say("| features | protocol | episodes | seconds | peak, GiB |")
    say("|--:|---|--:|--:|--:|")
    for width in WIDTHS:
        for shape, n_episodes in CASES:
            asked = [str(root), str(width), shape, str(n_episodes)]
            done = subprocess.run(
                [sys.executable, __file__, *asked],
                check=True,
                stdout=subprocess.PIPE,
            )
            got = json.loads(done.stdout)
            row = f"| {width or 84 * 84 * 3:,} | {shape} | {n_episodes:,} "
            say(f"{row}| {got['seconds']:.1f} | {got['GiB']:.2f} |")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        main(Path(sys.argv[1]))
    else:
        _, folder, width, shape, n_episodes = sys.argv
        measure(Path(folder), int(width), shape, int(n_episodes))
