"""Find the small images that were made from given images at full size, by content.

Each original is made small in several ways. Coarse grey thumbnails choose a few
candidates among all small images, and the difference of their pixels decides.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .geometry import GEOMETRIES, small_image

# Filters that average, that read four pixels, and that read one. Others are between.
_FILTERS = ("box", "cv2-linear", "nearest")
_GRID = 12  # a thumbnail has 12 x 12 grey levels
_MOST_CANDIDATES = 5  # for each original
# Of 100 originals of miniImageNet, the 47 with an image in it have a correlation above
# .998 and an RMSE below 20. The others have at most .94 and at least 33.
_LEAST_CORRELATION = 0.97
_MOST_RMSE = 25.0
# The next candidate must have a larger RMSE than this, since both could be copies of one
# image, and the best candidate must have at most this part of the RMSE of the next.
_LEAST_RMSE_OF_NEXT = 5.0
_CLEARLY_SMALLER = 0.7


@dataclass(frozen=True)
class Candidate:
    """A small image that may have been made from an original.

    name: class/image
    pixels: uint8 (S, S, 3)
    correlation: of grey thumbnails, at most 1
    """

    name: str
    pixels: np.ndarray
    correlation: float


@dataclass(frozen=True)
class Match:
    """The small image that was made from an original.

    image: the best candidate; None if no candidate fits, or if two fit equally well
    is_ambiguous: whether two fit equally well
    """

    image: Candidate | None = None
    is_ambiguous: bool = False


class ContentSearch:
    """A search for the images that were made from some originals.

    Only a few candidates for each original are kept, so the number of images is not
    limited. Colours are averaged, so the order of the channels does not matter.
    side: S, the height and width of the small images
    """

    def __init__(self, originals: Iterable[Image.Image], side: int) -> None:
        self._smalls: list[np.ndarray] = []
        thumbnails: list[np.ndarray] = []
        for original in originals:
            smalls = _made_small(original, side)
            self._smalls.append(smalls)
            thumbnails.append(_thumbnails(smalls))
        self._thumbnails = np.concatenate(thumbnails)
        self._candidates: list[list[Candidate]] = [[] for _ in self._smalls]

    def look_at(
        self, class_name: str, names: Sequence[str], pixels: np.ndarray
    ) -> None:
        """Compare the images of a class with all originals.

        pixels: uint8 (n, S, S, 3)
        """
        products = self._thumbnails @ _thumbnails(pixels).T
        n_originals = len(self._smalls)
        correlations = products.reshape(n_originals, -1, len(pixels)).max(1)
        for kept, of_original in zip(self._candidates, correlations, strict=True):
            for i in np.argsort(-of_original)[:_MOST_CANDIDATES]:
                correlation = float(of_original[i])
                is_full = len(kept) == _MOST_CANDIDATES
                if is_full and correlation <= kept[-1].correlation:
                    break
                name = f"{class_name}/{names[i]}"
                kept.append(Candidate(name, pixels[i].copy(), correlation))
                kept.sort(key=lambda one: -one.correlation)
                del kept[_MOST_CANDIDATES:]

    def matches(self) -> list[Match]:
        """Return the match of each original, in their order."""
        matches: list[Match] = []
        for smalls, kept in zip(self._smalls, self._candidates, strict=True):
            matches.append(_match(smalls, kept))
        return matches


def _made_small(original: Image.Image, side: int) -> np.ndarray:
    """Return an original in each geometry by each of a few filters: uint8 (n, S, S, 3)"""
    smalls: list[np.ndarray] = []
    for geometry in GEOMETRIES:
        for resampling in _FILTERS:
            smalls.append(small_image(original, side, geometry, resampling))
    return np.stack(smalls)


def _match(smalls: np.ndarray, candidates: Sequence[Candidate]) -> Match:
    """Choose the candidate whose pixels differ least from the original made small."""
    by_rmse: list[tuple[float, int]] = []
    for i, one in enumerate(candidates):
        by_rmse.append((_least_rmse(smalls, one.pixels), i))
    by_rmse.sort()
    if not by_rmse:
        return Match()
    rmse, place = by_rmse[0]
    best = candidates[place]
    if rmse > _MOST_RMSE or best.correlation < _LEAST_CORRELATION:
        return Match()
    if len(by_rmse) == 1:
        return Match(best)
    next_rmse, _ = by_rmse[1]
    is_copied = next_rmse <= _LEAST_RMSE_OF_NEXT
    if is_copied or rmse > _CLEARLY_SMALLER * next_rmse:
        return Match(is_ambiguous=True)
    return Match(best)


def _grey(pixels: np.ndarray) -> np.ndarray:
    """Return the mean of the channels: float32 (n, S, S)"""
    return pixels.mean(-1, dtype=np.float32)


def _thumbnails(pixels: np.ndarray) -> np.ndarray:
    """Return thumbnails of mean 0 and norm 1: float32 (n, 144)

    A thumbnail of one grey level only is 0.
    pixels: uint8 (n, S, S, 3)
    """
    n, side = pixels.shape[:2]
    block = side // _GRID
    inner = _GRID * block
    grey = _grey(pixels)[:, :inner, :inner]
    blocks = grey.reshape(n, _GRID, block, _GRID, block)
    thumbnails = blocks.mean((2, 4)).reshape(n, -1)
    thumbnails -= thumbnails.mean(1, keepdims=True)
    norms = np.linalg.norm(thumbnails, axis=1, keepdims=True)
    return thumbnails / np.maximum(norms, 1e-6)


def _least_rmse(smalls: np.ndarray, image: np.ndarray) -> float:
    difference = _grey(smalls) - _grey(image[None])
    squares = np.square(difference).mean((1, 2))
    return float(np.sqrt(squares.min()))
