"""What the tests of downloads share: a file, its checksums, and what a killed run leaves."""

import hashlib
import json
import os
from pathlib import Path

from fewbench.datasets.downloads.fetch import fetch
from fewbench.datasets.info import Source
from fewbench_tests.servers import Answer, Server

CONTENT = b"PK\x03\x04" + bytes(range(256)) * 1200
OTHER = CONTENT[::-1]  # as long, and different everywhere
SIZE = len(CONTENT)
HALF = 2**17
MD5 = hashlib.md5(CONTENT).hexdigest()
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PAGE = b"<!DOCTYPE html><html><title>Drive &amp; Co: \n quota</title><body>exceeded</body></html>"
TAG = {"ETag": '"one"'}
FLIPPED = Answer(CONTENT[:-1] + b"\0")
ANSWERS = {
    "good": Answer(CONTENT),
    "page": Answer(PAGE),
    "empty": Answer(b""),
    "short": Answer(CONTENT[:-1]),
    "long": Answer(CONTENT + b"\0"),
    "flipped": FLIPPED,
    "cut": Answer(CONTENT, cut=1000, ranges=False),
    "silent": Answer(CONTENT, stall=0),
    "unannounced": Answer(CONTENT * 50, declared=-1),
}


def source(server: Server, *names: str) -> Source:
    """The file with its md5 and size, at addresses of the server."""
    urls = tuple(f"{server.address}/{name}" for name in names)
    return Source("images.zip", urls, MD5, len(CONTENT))


def get(
    folder: Path, *urls: str, md5: str | None = None, timeout: float = 3.0
) -> bytes:
    """Fetch the file from the first address that serves it."""
    return fetch(Source("images.zip", urls, md5), folder, timeout=timeout).read_bytes()


def leave(folder: Path, data: bytes, **origin: object) -> None:
    """Write what a killed run leaves in the folder."""
    folder.mkdir(exist_ok=True)
    (folder / "images.zip.part").write_bytes(data)
    (folder / "images.zip.part.json").write_text(json.dumps(origin))


def listed(folder: Path) -> list[str]:
    """The files that a user sees in a folder; the lock is hidden."""
    return sorted(name for name in os.listdir(folder) if not name.startswith("."))
