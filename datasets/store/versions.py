"""The versions of the packages that write a build."""

from functools import cache
from importlib.metadata import version


@cache
def installed_version(package: str) -> str:
    """Return the version of an installed package.

    Each version is looked up once: the lookup parses the description of the package.
    """
    return version(package)
