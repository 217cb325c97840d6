"""Builds to export in tests."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from fewbench.datasets.build import build
from fewbench.datasets.info import (
    ClassImages,
    DatasetInfo,
    Listing,
    Request,
    SplitCounts,
)
from fewbench.datasets.store.split_store import SplitStore
from fewbench_tests.bars import BARS, draw_class


def built(
    info: DatasetInfo, root: Path, source: Path | None = None
) -> dict[str, SplitStore]:
    """The splits of a dataset, built from a source."""
    folder = build(info, root, Request(source)).folder
    return {split: SplitStore(folder / f"{split}.h5") for split in info.splits}


def one_split(
    tmp_path: Path, *names: str, image_names: tuple[str, ...] = ()
) -> SplitStore:
    """A split with classes of these names."""
    image_names = image_names or tuple(f"{i:02d}" for i in range(20))

    def list_classes(_: Request) -> Listing:
        return Listing(
            tuple(
                ClassImages("test", name, image_names, partial(draw_class, "test", c))
                for c, name in enumerate(names)
            )
        )

    counts = {"test": SplitCounts(len(names), 20 * len(names))}
    info = replace(BARS, splits=counts, list_classes=list_classes)
    return built(info, tmp_path / "root")["test"]
