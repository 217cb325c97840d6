"""Find classes in folders, as torchvision's ImageFolder does: CLASS/.../image.jpg."""

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from fewbench.documents import shown

from ..info import DataError
from .found import FoundClass, check_class_name, split_named


def classes_in_folders(
    label: str, paths: Sequence[str], *, in_splits: bool
) -> list[FoundClass]:
    """Return the classes of a source in which each class is a folder.

    Folders that all images share are passed over. If all images are in the folders
    train/, val/ and test/, the classes are one level below them.
    label: the source, for messages
    paths: the paths of the images
    in_splits: whether these folders say the split of each class; otherwise a class may
        be in several of them
    Raises DataError if an image is in no class folder, or if a class has two splits.
    """
    n_shared = n_shared_folders(paths)
    inner: dict[str, tuple[str, ...]] = {}
    for path in paths:
        inner[path] = PurePosixPath(path).parts[n_shared:]
    has_splits = _are_in_splits(inner.values())
    if in_splits and not has_splits:
        raise DataError(
            f"{label}: cannot split by folder: expected all images in the folders "
            f"train/, val/ and test/, got other folders. To split the classes by their "
            f"names: --split-by ratio"
        )
    images: dict[tuple[str, str], dict[str, str]] = {}
    for path, parts in inner.items():
        split = split_named(parts[0]) if has_splits and in_splits else ""
        below = parts[1:] if has_splits else parts
        class_name = _class_of(label, path, below)
        # A class may be in several split folders, so the folder stays in the image's name.
        image_name = "/".join(below[1:])
        if has_splits and not in_splits:
            image_name = f"{parts[0]}/{image_name}"
        images.setdefault((class_name, split), {})[image_name] = path
    _refuse_two_splits(label, images)
    found: list[FoundClass] = []
    for (class_name, split), by_name in images.items():
        found.append(FoundClass(class_name, by_name, split))
    return found


def are_in_split_folders(paths: Sequence[str]) -> bool:
    """Return whether all images are in class folders below train/, val/ or test/."""
    n_shared = n_shared_folders(paths)
    return _are_in_splits(PurePosixPath(path).parts[n_shared:] for path in paths)


def n_shared_folders(paths: Sequence[str]) -> int:
    """Return how many folders at the start of all paths are the same.

    The folder of a class, or of a split, is not counted: if all images are in one folder,
    that is their class.
    """
    first, *others = (PurePosixPath(path).parent.parts for path in paths)
    n_shared = 0
    for n, part in enumerate(first[:-1], 1):
        if split_named(part) or any(one[n - 1 : n] != (part,) for one in others):
            break
        n_shared = n
    return n_shared


def _are_in_splits(inner: Iterable[Sequence[str]]) -> bool:
    return all(len(parts) > 2 and split_named(parts[0]) for parts in inner)


def _class_of(label: str, path: str, below: Sequence[str]) -> str:
    if len(below) > 1:
        return check_class_name(label, below[0])
    raise DataError(
        f"{label}: image {shown(path)}: expected it in the folder of its class, got it "
        f"beside the class folders. Move it into a class folder, or list all images in "
        f"a CSV with the columns filename and label"
    )


def _refuse_two_splits(label: str, images: Iterable[tuple[str, str]]) -> None:
    split_of: dict[str, str] = {}
    for class_name, split in images:
        other = split_of.setdefault(class_name, split)
        if other != split:
            raise DataError(
                f"{label}: class {shown(class_name)}: expected it in one split, got it "
                f"in {other} and {split}. In few-shot learning, the test classes are "
                f"new. To join these folders and split the classes: --split-by ratio"
            )
