"""ImageView: what learners and episodes see, one or more splits with or without rotated classes."""

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from .store import SplitStore

ROTATIONS = (0, 90, 180, 270)


class ImageView:
    """Splits joined into one list of classes, each optionally in four rotations.

    With rotations, a character turned by 90, 180 or 270 degrees (anticlockwise) is a class of its
    own (Santoro et al. 2016; Snell et al. 2017): view class r * n_base_classes + c, and view image
    r * n_base_images + i. Only the upright images are stored.

    class_offsets: int64 (n_classes + 1,) class c owns the view images between two offsets
    """

    def __init__(self, stores: Sequence[SplitStore], *, rotations: bool = False) -> None:
        self.stores = tuple(stores)
        self.rotations = rotations
        self.image_shape = self.stores[0].image_shape
        self._starts = np.cumsum([0, *(len(store) for store in self.stores)])
        offsets = [s.class_offsets[1:] + start for s, start in self._parts()]
        base = np.concatenate(offsets)
        turns = len(ROTATIONS) if rotations else 1
        ends = np.concatenate([base + r * self.n_base_images for r in range(turns)])
        self.class_offsets = np.concatenate([[0], ends]).astype(np.int64)

    @property
    def n_base_images(self) -> int:
        """Stored images, before rotation."""
        return int(self._starts[-1])

    @property
    def n_classes(self) -> int:
        """Classes, rotated ones counted."""
        return len(self.class_offsets) - 1

    def __len__(self) -> int:
        return int(self.class_offsets[-1])

    @property
    def partial(self) -> bool:
        """Whether any of the splits was built from incomplete data."""
        return any(store.partial for store in self.stores)

    @property
    def fingerprint(self) -> str:
        """Content hash of the splits; several are joined by '+'."""
        return "+".join(store.fingerprint for store in self.stores)

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """Name of every class; rotated ones end in /rot000 to /rot270."""
        base = [name for store in self.stores for name in store.class_names]
        if not self.rotations:
            return tuple(base)
        return tuple(f"{name}/rot{angle:03d}" for angle in ROTATIONS for name in base)

    @cached_property
    def image_keys(self) -> tuple[str, ...]:
        """class name/image name of every view image: a name that means something elsewhere."""
        names = [name for store in self.stores for name in store.image_names]
        names *= len(ROTATIONS) if self.rotations else 1
        sizes = np.diff(self.class_offsets)
        owners = np.repeat(np.arange(self.n_classes), sizes)
        return tuple(
            f"{self.class_names[owner]}/{name}" for owner, name in zip(owners, names, strict=True)
        )

    def images(self, indices: np.ndarray) -> np.ndarray:
        """Pixels of the view images at `indices`.

        indices: int64 (n,) -> uint8 (n, H, W, C)
        """
        turns, base = np.divmod(np.asarray(indices), self.n_base_images)
        pixels = self._gather(base)
        for turn in np.unique(turns[turns > 0]):
            rows = turns == turn
            pixels[rows] = np.rot90(pixels[rows], turn, axes=(1, 2))
        return pixels

    def _gather(self, base: np.ndarray) -> np.ndarray:
        if len(self.stores) == 1:
            return self.stores[0].images[base]
        pixels = np.empty((len(base), *self.image_shape), np.uint8)
        owners = np.searchsorted(self._starts, base, side="right") - 1
        for s, (store, start) in enumerate(self._parts()):
            rows = owners == s
            pixels[rows] = store.images[base[rows] - start]
        return pixels

    def _parts(self) -> Iterator[tuple[SplitStore, int]]:
        return zip(self.stores, self._starts[:-1].tolist(), strict=True)
