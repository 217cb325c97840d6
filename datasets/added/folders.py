"""Find classes in folders, as torchvision's ImageFolder does: CLASS/.../image.jpg."""

from collections.abc import Iterable, Mapping, Sequence
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
    inner = _inner_parts(paths)
    has_splits = _are_in_splits(inner.values())
    if in_splits and not has_splits:
        raise DataError(
            f"{label}: cannot split by folder: expected all images in the folders "
            f"train/, val/ and test/, got other folders. To split the classes by their "
            f"names: --split-by ratio"
        )
    images: dict[tuple[str, str], dict[str, str]] = {}
    for path, parts in inner.items():
        split = ""
        below = parts
        prefix = ""
        if has_splits:
            below = parts[1:]
            # Without splits, a class may be in several of these folders.
            prefix = f"{parts[0]}/"
        if in_splits:
            split = split_named(parts[0])
            prefix = ""
        class_name = _class_of(label, path, below)
        image_name = prefix + "/".join(below[1:])
        of_class = images.setdefault((class_name, split), {})
        of_class[image_name] = path
    _refuse_two_splits(label, images)
    found: list[FoundClass] = []
    for (class_name, split), of_class in images.items():
        one = FoundClass(
            name=class_name,
            images=of_class,
            split=split,
        )
        found.append(one)
    return found


def are_in_split_folders(paths: Sequence[str]) -> bool:
    """Return whether all images are in class folders below train/, val/ or test/."""
    inner = _inner_parts(paths)
    return _are_in_splits(inner.values())


def _inner_parts(paths: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Return path -> its folders and name, without the folders that all paths share.

    The folder of a class, or of a split, stays: if all images are in one folder, that is
    their class.
    """
    n_shared = _n_shared_folders(paths)
    inner: dict[str, Sequence[str]] = {}
    for path in paths:
        parts = PurePosixPath(path).parts
        inner[path] = parts[n_shared:]
    return inner


def _n_shared_folders(paths: Sequence[str]) -> int:
    folders: list[Sequence[str]] = []
    for path in paths:
        folder = PurePosixPath(path).parent
        folders.append(folder.parts)
    shortest = min(map(len, folders))
    for place in range(shortest - 1):
        names = {parts[place] for parts in folders}
        (name, *others) = names
        if others or split_named(name):
            return place
    return max(0, shortest - 1)


def _are_in_splits(inner: Iterable[Sequence[str]]) -> bool:
    for parts in inner:
        has_class = len(parts) > 2
        if not has_class or not split_named(parts[0]):
            return False
    return True


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
