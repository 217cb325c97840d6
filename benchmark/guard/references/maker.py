"""Find out who makes a reference, and from which commit."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_SECONDS = 10


@dataclass(frozen=True)
class Maker:
    """Who makes a reference, and from what.

    by: the user's name in git; "" if git has none
    made_from: the short hash of the commit, with "+changes" if tracked files differ from
        it; "" outside git
    """

    by: str
    made_from: str

    @classmethod
    def here(cls, folder: Path) -> "Maker":
        """Ask git about the repository that a folder lies in."""
        while not folder.is_dir():
            folder = folder.parent
        commit = _git(folder, "rev-parse", "--short", "HEAD")
        if commit and _git(folder, "status", "--porcelain", "--untracked-files=no"):
            commit += "+changes"
        return cls(_git(folder, "config", "user.name"), commit)


def _git(folder: Path, *words: str) -> str:
    """Return what git answers; "" if it fails or is not installed."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    if done.returncode:
        return ""
    return done.stdout.decode("utf-8", "replace").strip()
