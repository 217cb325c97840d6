"""Find the geometry, the filter and the JPEG steps that made small images."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    smalls = np.stack([small for _, small in pairs])
    originals = [original for original, _ in pairs]
    channels, geometry = _best_geometry(originals, smalls)
    if channels == "BGR":
        smalls = smalls[..., ::-1]
    errors = _errors(originals, smalls, geometry)
    best = min(errors, key=lambda option: float(np.median(errors[option])))
    medians: dict[str, dict[str, float]] = {}
    for (resampling, steps), values in errors.items():
        of_filter = medians.setdefault(resampling, {})
        of_filter[_steps_text(steps)] = float(np.median(values))
    return Explanation(
        n_images=len(pairs),
        channels=channels,
        geometry=describe_geometry(geometry, smalls.shape[1]),
        filter=best[0],
        jpeg=_steps_text(best[1]),
        rmse=medians[best[0]][_steps_text(best[1])],
        other_filter=_rival(errors, best, lambda option: option[0]),
        other_jpeg=_rival(errors, best, lambda option: _steps_text(option[1])),
        medians=medians,
    )


def _steps_text(steps: JpegSteps) -> str:
    """Return JPEG steps in words, such as "75, then 95"."""
    if not steps:
        return "no JPEG"
    return ", then ".join(map(str, steps))


def _best_geometry(
    originals: Sequence[Image.Image], smalls: np.ndarray
) -> tuple[str, str]:
    """Return the order of the channels and the geometry that fit best."""
    side = smalls.shape[1]
    medians: dict[tuple[str, str], float] = {}
    for geometry in GEOMETRIES:
        for resampling in _FEW_FILTERS:
            made = []
            for original in originals:
                made.append(small_image(original, side, geometry, resampling))
            for channels, images in (("RGB", smalls), ("BGR", smalls[..., ::-1])):
                median = float(np.median(_rmse(np.stack(made), images)))
                key = (channels, geometry)
                medians[key] = min(median, medians.get(key, median))
    return min(medians, key=medians.__getitem__)


def _errors(
    originals: Sequence[Image.Image], smalls: np.ndarray, geometry: str
) -> _Errors:
    side = smalls.shape[1]
    made_by: dict[str, np.ndarray] = {}
    errors: dict[_Option, np.ndarray] = {}
    for resampling in RESAMPLING:
        made = []
        for original in originals:
            made.append(small_image(original, side, geometry, resampling))
        made_by[resampling] = np.stack(made)
        errors[resampling, ()] = _rmse(made_by[resampling], smalls)
    plain = {name: float(np.median(errors[name, ()])) for name in RESAMPLING}
    for resampling in sorted(plain, key=plain.__getitem__)[:_MOST_FILTERS]:
        for steps, images in _compressed(made_by[resampling]):
            errors[resampling, steps] = _rmse(images, smalls)
    return errors


def _compressed(images: np.ndarray) -> Iterator[tuple[JpegSteps, np.ndarray]]:
    """Yield JPEG steps, and the images after them: uint8 (n, S, S, 3)"""
    for quality in _QUALITIES:
        once = _after_jpeg(images, quality)
        yield (quality,), once
        if quality != _LAST:
            yield (quality, _LAST), _after_jpeg(once, _LAST)


def _after_jpeg(images: np.ndarray, quality: int) -> np.ndarray:
    """Return images as they are after Pillow saved them, with colours at half size."""
    decoded = np.empty_like(images)
    for i, image in enumerate(images):
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=quality)
        with Image.open(buffer) as saved:
            decoded[i] = np.asarray(saved)
    return decoded


def _rmse(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the root-mean-square difference of each pair: float32 (n,) grey levels"""
    difference = images.astype(np.float32) - others
    squares = np.square(difference).mean((1, 2, 3))
    return np.sqrt(squares)


def _rival(errors: _Errors, best: _Option, part: Callable[[_Option], str]) -> Rival:
    """Return the best explanation among those with another filter or other JPEG steps.

    part: returns the filter or the JPEG steps of an explanation, as text
    """
    others = [option for option in errors if part(option) != part(best)]
    rival = min(others, key=lambda option: float(np.median(errors[option])))
    n_closer = int(np.sum(errors[best] < errors[rival]))
    n_images = len(errors[best])
    is_told = n_images >= _FEWEST_IMAGES and n_closer >= _CLEAR * n_images
    return Rival(part(rival), float(np.median(errors[rival])), n_closer, is_told)
