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
        self._candidates: list[list[Candidate]] = []
        thumbnails: list[np.ndarray] = []
        for original in originals:
            smalls = _made_small(original, side)
            self._smalls.append(smalls)
            of_original = _thumbnails(smalls)
            thumbnails.append(of_original)
            self._candidates.append([])
        self._thumbnails = np.concatenate(thumbnails)

    def look_at(
        self, class_name: str, names: Sequence[str], pixels: np.ndarray
    ) -> None:
        """Compare the images of a class with all originals.

        pixels: uint8 (n, S, S, 3)
        """
        thumbnails = _thumbnails(pixels)
        products = self._thumbnails @ thumbnails.T
        n_originals = len(self._smalls)
        n_images = len(pixels)
        by_original = products.reshape(n_originals, -1, n_images)
        correlations = by_original.max(1)
        for kept, of_original in zip(self._candidates, correlations, strict=True):
            best_first = np.argsort(-of_original)
            for i in best_first[:_MOST_CANDIDATES]:
                correlation = float(of_original[i])
                if not _has_room(kept, correlation):
                    break
                name = f"{class_name}/{names[i]}"
                copy = pixels[i].copy()
                candidate = Candidate(name, copy, correlation)
                kept.append(candidate)
                kept.sort(key=lambda one: -one.correlation)
                del kept[_MOST_CANDIDATES:]

    def matches(self) -> list[Match]:
        """Return the match of each original, in their order."""
        matches: list[Match] = []
        for smalls, kept in zip(self._smalls, self._candidates, strict=True):
            match = _match(smalls, kept)
            matches.append(match)
        return matches


def _has_room(kept: Sequence[Candidate], correlation: float) -> bool:
    """Return whether an image of this correlation is among the best candidates."""
    if len(kept) < _MOST_CANDIDATES:
        return True
    last = kept[-1]
    return correlation > last.correlation


def _made_small(original: Image.Image, side: int) -> np.ndarray:
    """Return an original in each geometry by each of a few filters: uint8 (n, S, S, 3)"""
    smalls: list[np.ndarray] = []
    for geometry in GEOMETRIES:
        for resampling in _FILTERS:
            small = small_image(original, side, geometry, resampling)
            smalls.append(small)
    return np.stack(smalls)


def _match(smalls: np.ndarray, candidates: Sequence[Candidate]) -> Match:
    """Choose the candidate whose pixels differ least from the original made small."""
    by_rmse: list[tuple[float, int]] = []
    for place, candidate in enumerate(candidates):
        rmse = _least_rmse(smalls, candidate.pixels)
        by_rmse.append((rmse, place))
    by_rmse.sort()
    if not by_rmse:
        return Match()
    rmse, place = by_rmse[0]
    best = candidates[place]
    is_far = rmse > _MOST_RMSE
    is_unlike = best.correlation < _LEAST_CORRELATION
    if is_far or is_unlike:
        return Match()
    if len(by_rmse) == 1:
        return Match(best)
    next_rmse, _ = by_rmse[1]
    is_copied = next_rmse <= _LEAST_RMSE_OF_NEXT
    is_as_close = rmse > _CLEARLY_SMALLER * next_rmse
    if is_copied or is_as_close:
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
    grey = _grey(pixels)
    in_whole_blocks = grey[:, :inner, :inner]
    blocks = in_whole_blocks.reshape(n, _GRID, block, _GRID, block)
    means = blocks.mean((2, 4))
    thumbnails = means.reshape(n, -1)
    thumbnails -= thumbnails.mean(1, keepdims=True)
    norms = np.linalg.norm(thumbnails, axis=1, keepdims=True)
    positive_norms = np.maximum(norms, 1e-6)
    return thumbnails / positive_norms


def _least_rmse(smalls: np.ndarray, image: np.ndarray) -> float:
    grey_smalls = _grey(smalls)
    grey_image = _grey(image[None])
    difference = grey_smalls - grey_image
    squares = np.square(difference)
    means = squares.mean((1, 2))
    least = means.min()
    return float(np.sqrt(least))
