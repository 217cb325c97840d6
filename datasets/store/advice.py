"""The command to type when a file of a build is damaged."""

from pathlib import Path


def build_again(path: Path) -> str:
    """A sentence with the command that replaces the build to which a file belongs.

    path: of the split file or manifest; its folder is named after the dataset
    """
    folder = path.absolute().parent
    dataset = folder.name.removesuffix(".partial")
    return f"Build it again: fewbench data build {dataset} --rebuild"
