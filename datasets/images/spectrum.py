"""Tell from the spectrum of photos whether they were shrunk smoothly or are aliased.

A filter that averages when it shrinks leaves little of the highest frequencies. Without
that, the detail that is too fine for the small image returns there as aliasing. So the
fall of the spectrum towards its end tells the two apart, over enough photos.
"""

from typing import Literal, NamedTuple

import numpy as np

from fewbench.documents import counted

from .luma import LUMA

Verdict = Literal["smooth", "aliased", "cannot tell"]
# Of the filters in RESAMPLING, these look at the nearest one, two or four pixels of the
# original, however far they shrink it. The others average.
ALIASING = ("nearest", "cv2-linear", "cv2-cubic")
# Cycles a pixel. The spectrum ends at 0.5.
_MIDDLE = (0.2, 0.3)
_END = (0.4, 0.5)
# The next four values were calibrated with datasets/scripts/calibrate_spectrum.py on 50
# full-size photos, of 50 ImageNet classes, that nine filters shrank to 84 px, each also
# after JPEG of quality 75 and then 95.
# Halfway between the mean falls of the two kinds that are closest, dB.
BORDER = -3.85
# The largest standard deviation between the photos of one kind, dB.
SPREAD = 1.66
# A mean that is less than this from the border decides nothing: photos of a few classes
# can lie this far from those of all, dB.
LEAST = 0.7
# Standard errors of the mean that may lie between it and the border, for 1 % wrong.
CERTAINTY = 2.58
# Sides in px for which the calibration is used.
_SMALLEST, _LARGEST = 48, 128
_MEANINGS: dict[Verdict, str] = {
    "smooth": "smooth, as from a filter that averages",
    "aliased": "aliased, as from a filter that does not average",
    "cannot tell": "cannot tell whether smooth or aliased",
}
# Grey levels squared. The median photo has at least four times this power in the middle
# of its spectrum, whatever filter shrank it; photos that were enlarged twice have less.
_DETAIL = 50
_NOISE = 0.05  # grey levels squared; it keeps the fall of an empty image finite


class Spectrum(NamedTuple):
    """What the spectrum of photos says.

    fall: the mean fall between the middle and the end of the spectrum, dB
    n_images: the number of photos that it is the mean of
    """

    verdict: Verdict
    fall: float
    n_images: int

    @property
    def text(self) -> str:
        """The verdict and what it rests on, in words."""
        meaning = _MEANINGS[self.verdict]
        n_images = counted(self.n_images, "image")
        return f"{meaning} (it falls by {-self.fall:.1f} dB, {n_images})"


def tell_spectrum(images: np.ndarray) -> Spectrum | None:
    """Tell whether photos were shrunk smoothly; None for images that are no such photos.

    20 photos of many classes are enough for most filters; see docs/data.md. Photos
    without fine detail, such as enlarged ones, tell nothing.

    images: uint8 (n, H, W, C), n > 0; judged if C = 3 and the sides are 48 to 128 px
    """
    n_images, height, width, channels = images.shape
    is_small = min(height, width) < _SMALLEST
    is_large = max(height, width) > _LARGEST
    if channels != 3 or is_small or is_large:
        return None
    middle, end = _band_powers(images)
    fall_of_each = _falls(middle, end)
    fall = float(fall_of_each.mean())
    detail_of_each = middle.mean(0)
    detail = float(np.median(detail_of_each))
    verdict = _verdict(fall, n_images)
    if detail < _DETAIL:
        verdict = "cannot tell"
    return Spectrum(verdict, fall, n_images)


def falls(images: np.ndarray) -> np.ndarray:
    """Return how much each spectrum falls from 0.2-0.3 to 0.4-0.5 cycles a pixel.

    It is the mean of two falls: of the spectrum along rows, and of that along columns.

    images: uint8 (n, H, W, 3)
    Returns float32 (n,) dB; the steeper the fall, the lower.
    """
    middle, end = _band_powers(images)
    return _falls(middle, end)


def _falls(middle: np.ndarray, end: np.ndarray) -> np.ndarray:
    noisy_middle = middle + _NOISE
    noisy_end = end + _NOISE
    ratio = noisy_end / noisy_middle
    along_both = 10 * np.log10(ratio)
    return along_both.mean(0)


def _band_powers(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the power in the middle and at the end of each spectrum.

    images: uint8 (n, H, W, 3)
    Returns two float32 (2, n) grey levels squared: along rows, and along columns.
    """
    luma = images @ LUMA
    columns_as_rows = luma.swapaxes(1, 2)
    along_rows = _powers_along_rows(luma)
    along_columns = _powers_along_rows(columns_as_rows)
    middle, end = np.stack([along_rows, along_columns], axis=1)
    return middle, end


def _powers_along_rows(luma: np.ndarray) -> np.ndarray:
    """Return the power in the middle and at the end of the spectrum: float32 (2, n)

    luma: float32 (n, H, W)
    """
    width = luma.shape[-1]
    # The first and last value of a Hann window are 0. Without them, every pixel counts.
    with_ends = np.hanning(width + 2)
    inner = with_ends[1:-1]
    window = inner.astype(np.float32)
    means = luma.mean(-1, keepdims=True)
    centred = luma - means
    windowed = centred * window
    waves = np.fft.rfft(windowed)
    amplitudes = np.abs(waves)
    squares = amplitudes**2
    weights = window**2
    power = squares.mean(1) / weights.sum()
    frequencies = np.fft.rfftfreq(width)
    middle = _mean_within(power, frequencies, _MIDDLE)
    end = _mean_within(power, frequencies, _END)
    return np.stack([middle, end])


def _mean_within(
    power: np.ndarray, frequencies: np.ndarray, band: tuple[float, float]
) -> np.ndarray:
    low, high = band
    is_high_enough = frequencies >= low
    is_low_enough = frequencies <= high
    within = power[:, is_high_enough & is_low_enough]
    return within.mean(1)


def _verdict(fall: float, n_images: int) -> Verdict:
    margin_of_one = CERTAINTY * SPREAD
    margin_of_mean = margin_of_one / np.sqrt(n_images)
    margin = max(margin_of_mean, LEAST)
    if fall > BORDER + margin:
        return "aliased"
    if fall < BORDER - margin:
        return "smooth"
    return "cannot tell"
