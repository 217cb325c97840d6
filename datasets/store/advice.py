"""Name the command to type when a file of a built dataset is damaged."""

from pathlib import Path


def build_again(path: Path) -> str:
    """Return a sentence with the command that rebuilds the dataset to which a file belongs.

    path: the split file or manifest.json; its folder is named after the dataset
    """
    folder = path.absolute().parent
    dataset = folder.name.removesuffix(".partial")
    return f"Build it again: fewbench data build {dataset} --rebuild"
