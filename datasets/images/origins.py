"""Count what the image files of a build were like: sizes, modes, rotations and JPEG.

A build reads its images in many places, each with a function of its own. So the counts are
collected by `counting` around the call, and need no argument in these functions.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fewbench.documents import counted

_MOST_SIZES = 5  # named in a summary
_MOST_SETTINGS = 3
NO_JPEG = "no JPEG"
_WORDS_OF_MODE = {
    "1": "one-bit",
    "L": "grey",
    "LA": "grey with transparency",
    "P": "palette",
    "PA": "palette with transparency",
    "RGBA": "transparency",
    "CMYK": "CMYK",
}


class Origin(NamedTuple):
    """What an image file was like.

    size: width x height in pixels, such as "500 x 375"
    converted: Pillow's mode, if the image was converted from it; otherwise ""
    asks_to_be_turned: whether its EXIF data ask for a rotation or reflection that was not
        done, since published pixels were made without
    jpeg: how it was saved, such as "quality 95, 4:2:0"; NO_JPEG for a PNG
    earlier: about which quality it was saved with before that; 0 if no earlier saving
        shows, None if nobody looked
    is_upright: whether the rotation or reflection was done, as for a user's own images
    on_white: whether its transparent parts were put on white
    """

    size: str
    converted: str = ""
    asks_to_be_turned: bool = False
    jpeg: str = NO_JPEG
    earlier: int | None = None
    is_upright: bool = False
    on_white: bool = False


@dataclass
class Origins:
    """The number of image files of each kind.

    sizes: width x height in pixels -> images
    converted: Pillow's mode -> images that were converted from it
    turned: images whose EXIF data ask for a rotation, which was not done
    jpegs: how JPEG files were saved -> images; NO_JPEG -> images of other formats
    earlier: about which quality JPEG files were saved with before -> images, of those
        that were examined; "0" for no earlier saving that shows
    upright: images that were rotated or reflected, as their EXIF data ask
    on_white: images whose transparent parts were put on white
    """

    sizes: Counter[str] = field(default_factory=Counter)
    converted: Counter[str] = field(default_factory=Counter)
    turned: int = 0
    jpegs: Counter[str] = field(default_factory=Counter)
    earlier: Counter[str] = field(default_factory=Counter)
    upright: int = 0
    on_white: int = 0

    @property
    def n_images(self) -> int:
        return self.sizes.total()

    def __bool__(self) -> bool:
        return bool(self.sizes)

    def add(self, origins: Iterable[Origin]) -> None:
        """Count more images."""
        for one in origins:
            self.sizes[one.size] += 1
            if one.converted:
                self.converted[one.converted] += 1
            self.turned += one.asks_to_be_turned
            self.upright += one.is_upright
            self.on_white += one.on_white
            self.jpegs[one.jpeg] += 1
            if one.earlier is not None:
                self.earlier[str(one.earlier)] += 1

    def join(self, other: "Origins") -> None:
        """Add the counts of another `Origins` to these."""
        self.sizes += other.sizes
        self.converted += other.converted
        self.turned += other.turned
        self.upright += other.upright
        self.on_white += other.on_white
        self.jpegs += other.jpegs
        self.earlier += other.earlier

    def document(self) -> dict[str, Any]:
        """Return the counts as a JSON document. `Origins(**document)` reads it."""
        return {
            "sizes": dict(self.sizes),
            "converted": dict(self.converted),
            "turned": self.turned,
            "jpegs": dict(self.jpegs),
            "earlier": dict(self.earlier),
            "upright": self.upright,
            "on_white": self.on_white,
        }

    def n_resized(self, height: int, width: int) -> int:
        """Return how many images had another size than this."""
        return self.n_images - self.sizes[size_text(width, height)]

    def n_enlarged(self, side: int) -> int:
        """Return how many images had less height or width than `side`."""
        n_images = 0
        for text, n_of_size in self.sizes.items():
            width, height = text.split(" x ")
            if min(int(width), int(height)) < side:
                n_images += n_of_size
        return n_images

    def sentences(self) -> list[str]:
        """Return the counts as sentences without a full stop."""
        if not self:
            return []
        n_files = counted(self.n_images, "image file")
        said = [f"{n_files} of {sizes_text(self.sizes)} pixels"]
        for mode, n in self.converted.most_common():
            words = _WORDS_OF_MODE.get(mode, mode)
            said.append(f"{n:,} of them converted from {words} (mode {mode})")
        if self.turned:
            said.append(
                f"EXIF data of {self.turned:,} ask for a rotation, which was not done"
            )
        if self.upright:
            said.append(f"{self.upright:,} rotated as their EXIF data ask")
        if self.on_white:
            said.append(f"transparent parts of {self.on_white:,} put on white")
        return said

    def jpeg(self) -> str:
        """Return how the files were saved as JPEG; "" if none of them is a JPEG.

        For example: "quality 95, 4:2:0, before that about quality 75".
        """
        if not self.jpegs.keys() - {NO_JPEG}:
            return ""
        words = counted_text(self.jpegs, _MOST_SETTINGS, "other kinds")
        return words + self._before()

    def _before(self) -> str:
        """Return the earlier saving that most files show; "" if few show one."""
        n_examined = self.earlier.total()
        n_shown = n_examined - self.earlier["0"]
        if not n_examined or n_shown < n_examined / 2:
            return ""
        ((quality, n),) = self.earlier.most_common(1)
        words = f", before that about quality {quality}"
        if n == n_examined:
            return words
        return f"{words} ({n:,} of {n_examined:,} examined)"


_counted: ContextVar[Origins | None] = ContextVar("counted", default=None)


@contextmanager
def counting() -> Iterator[Origins]:
    """Collect the counts of all image files that are read in this context."""
    origins = Origins()
    token = _counted.set(origins)
    try:
        yield origins
    finally:
        _counted.reset(token)


def count(origins: Iterable[Origin]) -> None:
    """Count image files that were read, if someone asked for it with `counting`."""
    counted = _counted.get()
    if counted is not None:
        counted.add(origins)


def size_text(width: int, height: int) -> str:
    return f"{width} x {height}"


def sizes_text(sizes: Counter[str]) -> str:
    """Return sizes as text: "84 x 84", or the most frequent ones with their counts."""
    return counted_text(sizes, _MOST_SIZES, "other sizes")


def counted_text(counts: Counter[str], n_named: int, others: str) -> str:
    """Return one text as it is, or the most frequent ones with their counts.

    n_named: the largest number of texts to name
    others: words for the texts that are not named, such as "other sizes"
    """
    if len(counts) == 1:
        return "".join(counts)
    named = counts.most_common(n_named)
    said = [f"{text} ({n:,})" for text, n in named]
    n_others = counts.total() - sum(n for _, n in named)
    if n_others:
        said.append(f"{len(counts) - n_named:,} {others} ({n_others:,})")
    return ", ".join(said)
