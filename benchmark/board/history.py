"""The files of a board in an earlier commit, as git knows them."""

import hashlib
import subprocess
from pathlib import Path

from fewbench.errors import UserError


def files_at_merge_base(folder: Path, commit: str) -> dict[str, str]:
    """Return the files of a folder in the last commit that a branch shares with HEAD.

    commit: a branch or a commit, such as origin/main
    Returns path in the folder, with "/" -> hash of its content, for `is_unchanged`.
    Raises UserError if the folder is in no repository, or if git does not know the commit.
    """
    listing = _git(folder, "ls-tree", "-r", "-z", _merge_base(folder, commit), "./")
    files = {}
    for line in listing.decode("utf-8", "surrogateescape").split("\0"):
        facts, tab, name = line.partition("\t")
        if tab:
            files[name] = facts.split()[2]
    return files


def is_unchanged(path: Path, blob: str) -> bool:
    """Tell whether a file has the content that git knows by a hash.

    blob: the hash, of a repository with SHA-1 or SHA-256
    """
    data = path.read_bytes()
    digest = hashlib.new("sha1" if len(blob) == 40 else "sha256", usedforsecurity=False)
    digest.update(b"blob %d\0" % len(data))
    digest.update(data)
    return digest.hexdigest() == blob


def content_at_merge_base(folder: Path, commit: str, name: str) -> bytes:
    """Return the content of a file in the last commit that a branch shares with HEAD."""
    return _git(folder, "show", f"{_merge_base(folder, commit)}:./{name}")


def _merge_base(folder: Path, commit: str) -> str:
    if commit.startswith("-"):
        raise UserError(
            f"--base {commit}: expected a branch or a commit, got an option. Type for "
            f"example --base origin/main"
        )
    return _git(folder, "merge-base", commit, "HEAD").decode("ascii").strip()


def _git(folder: Path, *arguments: str) -> bytes:
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=True)
    except FileNotFoundError:
        raise UserError(
            "--base: needs git: expected the program git, got none. Install it, or leave "
            "out --base"
        ) from None
    except subprocess.CalledProcessError as failed:
        said = failed.stderr.decode("utf-8", "replace").strip()
        words = said or f"exit code {failed.returncode}"
        raise UserError(
            f"{folder}: cannot compare with the base: expected a commit that git knows, got "
            f"{words:.200}. In CI, fetch the whole history (fetch-depth: 0), or type for "
            f"example --base origin/main"
        ) from failed
    return done.stdout
