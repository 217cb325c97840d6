"""Find the image files and inner tars of a source, for `identify`."""

from ..archives.tree import Tree
from ..identity import Found
from ..layouts.ilsvrc_identity import WNID
from ..layouts.source_file import IMAGE_SUFFIXES
from .resampling import sizes_of


def image_names(tree: Tree) -> list[str]:
    """Return the names of image files, of files in class folders, and of class tars."""
    names: list[str] = []
    for name in tree.names():
        is_image = name.lower().endswith(IMAGE_SUFFIXES)
        if is_image or WNID.search(name):
            names.append(name)
    return names


def found_images(tree: Tree, names: list[str]) -> Found:
    """Describe all images of a source together as one `Found`."""
    return Found(
        kind="images",
        label=tree.label,
        content=names,
        size=sizes_of(tree, names),
    )
