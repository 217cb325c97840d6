"""Find the geometry, the filter and the JPEG steps that made small images."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..images.resample import RESAMPLING
from .geometry import GEOMETRIES, describe_geometry, small_image

JpegSteps = tuple[int, ...]  # the quality of each step, the first step first
_QUALITIES = (95, 90, 85, 80, 75, 70, 60, 50)
_LAST = 95  # the quality of a copy that was saved again
_FEW_FILTERS = ("box", "cv2-linear", "nearest")
_MOST_FILTERS = 5  # that are tried with JPEG steps
# An explanation is told from its rival if it is closer in this part of the images.
_CLEAR = 0.75
_FEWEST_IMAGES = 8

Pair = tuple[Image.Image, np.ndarray]
_Option = tuple[str, JpegSteps]
_Errors = Mapping[_Option, np.ndarray]  # (filter, JPEG steps) -> RMSE of each image


@dataclass(frozen=True)
class Rival:
    """The next best explanation.

    name: what it names in place of the best one
    rmse: median over the images, in grey levels
    n_closer: the number of images to which the best explanation comes closer
    """

    name: str
    rmse: float
    n_closer: int
    is_told: bool


@dataclass(frozen=True)
class Explanation:
    """The way to make the images at hand from their originals that fits best.

    channels: "RGB" or "BGR", the order of the channels in the images
    jpeg: the JPEG qualities as text, such as "75, then 95", or "no JPEG"
    rmse: median over the images of the root-mean-square difference, in grey levels
    other_filter, other_jpeg: the best explanations with another filter, and with other
        JPEG steps
    medians: filter -> JPEG steps as text -> median RMSE
    """

    n_images: int
    channels: str
    geometry: str
    filter: str
    jpeg: str
    rmse: float
    other_filter: Rival
    other_jpeg: Rival
    medians: dict[str, dict[str, float]]


def explain(pairs: Sequence[Pair]) -> Explanation:
    """Return the explanation that fits small images best.

    pairs: each original, of mode "RGB", and the small image, uint8 (S, S, 3)
    """
    images = [small for _, small in pairs]
    smalls = np.stack(images)
    originals = [original for original, _ in pairs]
    channels, geometry = _best_geometry(originals, smalls)
    if channels == "BGR":
        smalls = smalls[..., ::-1]
    side = smalls.shape[1]
    errors = _errors(originals, smalls, geometry)
    best = _closest(errors, errors)
    return Explanation(
        n_images=len(pairs),
        channels=channels,
        geometry=describe_geometry(geometry, side),
        filter=_filter_of(best),
        jpeg=_jpeg_of(best),
        rmse=_median(errors[best]),
        other_filter=_rival(errors, best, _filter_of),
        other_jpeg=_rival(errors, best, _jpeg_of),
        medians=_medians(errors),
    )


def _filter_of(option: _Option) -> str:
    resampling, _ = option
    return resampling


def _jpeg_of(option: _Option) -> str:
    """Return JPEG steps in words, such as "75, then 95"."""
    _, steps = option
    if not steps:
        return "no JPEG"
    qualities = map(str, steps)
    return ", then ".join(qualities)


def _median(errors: np.ndarray) -> float:
    return float(np.median(errors))


def _medians(errors: _Errors) -> dict[str, dict[str, float]]:
    """Return the median errors: filter -> JPEG steps in words -> grey levels"""
    medians: dict[str, dict[str, float]] = {}
    for option, values in errors.items():
        resampling = _filter_of(option)
        of_filter = medians.setdefault(resampling, {})
        jpeg = _jpeg_of(option)
        of_filter[jpeg] = _median(values)
    return medians


def _closest(options: Iterable[_Option], errors: _Errors) -> _Option:
    """Return the option with the smallest median error, the first one of several."""
    medians: dict[_Option, float] = {}
    for option in options:
        values = errors[option]
        medians[option] = _median(values)
    return min(medians, key=medians.__getitem__)


def _best_geometry(
    originals: Sequence[Image.Image], smalls: np.ndarray
) -> tuple[str, str]:
    """Return the order of the channels and the geometry that fit best."""
    side = smalls.shape[1]
    reversed_channels = smalls[..., ::-1]
    by_channels = {"RGB": smalls, "BGR": reversed_channels}
    medians: dict[tuple[str, str], float] = {}
    for geometry in GEOMETRIES:
        for resampling in _FEW_FILTERS:
            made = _made_small(originals, side, geometry, resampling)
            for channels, images in by_channels.items():
                errors = _rmse(made, images)
                median = _median(errors)
                key = (channels, geometry)
                least = medians.get(key, median)
                medians[key] = min(median, least)
    return min(medians, key=medians.__getitem__)


def _made_small(
    originals: Sequence[Image.Image], side: int, geometry: str, resampling: str
) -> np.ndarray:
    """Return small images of the originals: uint8 (n, side, side, 3)"""
    made: list[np.ndarray] = []
    for original in originals:
        small = small_image(original, side, geometry, resampling)
        made.append(small)
    return np.stack(made)


def _errors(
    originals: Sequence[Image.Image], smalls: np.ndarray, geometry: str
) -> _Errors:
    side = smalls.shape[1]
    made_by: dict[str, np.ndarray] = {}
    errors: dict[_Option, np.ndarray] = {}
    medians: dict[str, float] = {}
    for resampling in RESAMPLING:
        made = _made_small(originals, side, geometry, resampling)
        without_jpeg = _rmse(made, smalls)
        made_by[resampling] = made
        errors[resampling, ()] = without_jpeg
        medians[resampling] = _median(without_jpeg)
    best_first = sorted(medians, key=medians.__getitem__)
    for resampling in best_first[:_MOST_FILTERS]:
        made = made_by[resampling]
        for steps, images in _compressed(made):
            errors[resampling, steps] = _rmse(images, smalls)
    return errors


def _compressed(images: np.ndarray) -> Iterator[tuple[JpegSteps, np.ndarray]]:
    """Yield JPEG steps, and the images after them: uint8 (n, S, S, 3)"""
    for quality in _QUALITIES:
        once = _after_jpeg(images, quality)
        yield (quality,), once
        if quality != _LAST:
            twice = _after_jpeg(once, _LAST)
            yield (quality, _LAST), twice


def _after_jpeg(images: np.ndarray, quality: int) -> np.ndarray:
    """Return images as they are after Pillow saved them, with colours at half size."""
    decoded = np.empty_like(images)
    for i, pixels in enumerate(images):
        buffer = io.BytesIO()
        image = Image.fromarray(pixels)
        image.save(buffer, "JPEG", quality=quality)
        with Image.open(buffer) as saved:
            decoded[i] = np.asarray(saved)
    return decoded


def _rmse(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the root-mean-square difference of each pair: float32 (n,) grey levels"""
    levels = images.astype(np.float32)
    difference = levels - others
    squares = np.square(difference)
    means = squares.mean((1, 2, 3))
    return np.sqrt(means)


def _rival(errors: _Errors, best: _Option, part: Callable[[_Option], str]) -> Rival:
    """Return the best explanation among those with another filter or other JPEG steps.

    part: returns the filter or the JPEG steps of an explanation, as text
    """
    part_of_best = part(best)
    others = [option for option in errors if part(option) != part_of_best]
    rival = _closest(others, errors)
    errors_of_best = errors[best]
    errors_of_rival = errors[rival]
    is_closer = errors_of_best < errors_of_rival
    n_closer = int(is_closer.sum())
    n_images = len(is_closer)
    has_enough = n_images >= _FEWEST_IMAGES
    is_clear = n_closer >= _CLEAR * n_images
    name = part(rival)
    rmse = _median(errors_of_rival)
    return Rival(name, rmse, n_closer, is_told=has_enough and is_clear)
