"""Where a dataset is built: a folder that can be written, in which nothing of others is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fewbench.folders import old_folder, refuse_foreign
from fewbench.space import what_helps

from .info import DataError, DatasetInfo
from .store.journal import JOURNAL
from .store.manifest import MANIFEST


def refuse_foreign_files(info: DatasetInfo, root: Path) -> None:
    """Raise UserError if the build would remove files that no build has written."""
    ours = {MANIFEST, JOURNAL}
    for split in (*info.splits, "train", "val", "test"):
        ours.add(f"{split}.h5")
    folder = root / info.name
    for place in (folder, root / f"{info.name}.partial", old_folder(folder)):
        refuse_foreign(place, lambda name: name.removesuffix(".partial") in ours)


@contextmanager
def writing_to(root: Path) -> Iterator[None]:
    """Make the root folder. Raise DataError for what the system cannot do in it."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        reason = error.strerror or error
        if isinstance(error, FileExistsError | NotADirectoryError):
            reason = "it is no folder"
        advice = what_helps(error, "Choose another folder with the option --root DIR.")
        for note in getattr(error, "__notes__", ()):
            advice += f" {note}"
        raise DataError(
            f"{root}: cannot write there ({reason}). An unfinished build is never used "
            f"as a finished one. {advice}"
        ) from error
