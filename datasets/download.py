"""Fetch a source file from the first of its addresses that serves the right bytes."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pooch
import requests

from .archives import describe_content, file_digest, looks_like_page
from .info import DataError, Source

Progress = Callable[[int, int], None]

_log = logging.getLogger(__name__)
_CHUNK_BYTES = 2**16
_HTTP_MEANING = {
    401: "a sign-in is needed",
    403: "access refused",
    404: "nothing at this address",
    429: "too many downloads, try again later",
}


def fetch(
    source: Source,
    folder: Path,
    *,
    offline: bool = False,
    progress: Progress | None = None,
    timeout: float = 30.0,
) -> Path:
    """Path of the checked file in `folder`, downloaded if it is not there.

    progress(bytes so far, bytes in all or 0 if unknown) is called as bytes arrive; `timeout` is the
    longest silence of a server, in seconds. A wrong file under the final name cannot stem from
    here, where checks come before the rename: it is refused, never overwritten.
    Raises DataError that gives the reason of every address, and how to place the file by hand.
    """
    path = folder / source.filename
    try:
        if path.exists():
            _check_present(path, source)
            return path
        if offline:
            raise _refusal(path, source, "not there, and downloads are off (--offline). ")
        return _download(path, source, progress, timeout)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be written or read: expected a folder that you may write to, with "
            f"room, got: {error}. Make room or choose another: fewbench data build NAME --root DIR"
        ) from error


def _check_present(path: Path, source: Source) -> None:
    fault = _fault(path, source)
    if fault is None and source.md5 is not None:
        md5 = file_digest(path, "md5")
        fault = None if md5 == source.md5.lower() else f"md5 {md5}"
    if fault is not None:
        raise DataError(
            f"{path}: is not the published file: expected {_published(source)}, got {fault}. "
            f"Delete it to have it downloaded again; if you packed it yourself, have its content "
            f"checked instead: fewbench data build NAME --source {path.parent}"
        )


def _download(path: Path, source: Source, progress: Progress | None, timeout: float) -> Path:
    reasons = []

    def stream(url: str, output_file: str, _pooch: object) -> None:
        _stream(url, Path(output_file), source.size, progress, timeout)
        fault = _fault(Path(output_file), source)
        if fault is not None:
            raise ValueError(fault)

    for url in source.urls:
        try:
            _retrieve(url, path, source.md5, stream)
            return path
        except requests.RequestException as error:
            reason = _in_words(error, timeout)
        except ValueError as error:
            reason = str(error).partition(" Deleted download")[0]  # pooch: the md5 differs
        _log.info("%s: %s", url, reason)
        reasons.append(f"\n  {url}: {reason}")
    tried = f"no address served it:{''.join(reasons)}\n" if reasons else "no address is known. "
    raise _refusal(path, source, tried)


def _retrieve(url: str, path: Path, md5: str | None, stream: Callable[..., None]) -> None:
    """pooch writes to a temporary file, compares the md5 and renames; nothing half-done stays."""
    _log.info("downloading %s from %s", path, url)
    known_hash = None if md5 is None else f"md5:{md5}"
    with _quiet_pooch():
        pooch.retrieve(url, known_hash, path.name, path.parent, downloader=stream)
    path.chmod(0o644)  # temporary files are private, data folders are often shared


def _stream(
    url: str, target: Path, size: int | None, progress: Progress | None, timeout: float
) -> None:
    # Without `identity` a server may compress on the way, and Content-Length means something else.
    headers = {"Accept-Encoding": "identity"}
    with (
        requests.get(url, stream=True, timeout=timeout, headers=headers) as response,
        target.open("wb") as file,
    ):
        response.raise_for_status()
        total = int(response.headers.get("Content-Length", 0))
        for chunk in response.iter_content(_CHUNK_BYTES):
            file.write(chunk)
            if progress is not None:
                progress(file.tell(), total)
            if size is not None and file.tell() > size:
                break  # an endless body must not fill the disk


def _fault(path: Path, source: Source) -> str | None:
    """What shows without a checksum that a file is not the source."""
    with path.open("rb") as file:
        head = file.read(512)
    if not head or looks_like_page(head):
        return describe_content(path)
    size = path.stat().st_size
    return None if source.size in (None, size) else f"{size:,} bytes"


def _refusal(path: Path, source: Source, what: str) -> DataError:
    return DataError(
        f"{path}: {what}Expected {_published(source)}. Get it by hand: place {source.filename} "
        f"in a folder DIR, then type: fewbench data build NAME --source DIR"
    )


def _published(source: Source) -> str:
    facts = [f"{source.size:,} bytes"] if source.size is not None else []
    facts += [f"md5 {source.md5}"] if source.md5 is not None else []
    return " with ".join(facts) or "a file that is no web page (no checksum is published)"


def _in_words(error: requests.RequestException, timeout: float) -> str:
    if error.response is not None:
        code = error.response.status_code
        meaning = _HTTP_MEANING.get(code, "the server fails" if code >= 500 else "refused")
        return f"HTTP {code} {error.response.reason} ({meaning})"
    cause: BaseException = error
    # requests wraps urllib3, which wraps what really happened.
    while cause.__context__ and type(cause).__module__.startswith(("requests", "urllib3")):
        cause = cause.__context__
    if isinstance(cause, TimeoutError):
        return f"no answer within {timeout:g} seconds"
    return f"the request failed: {cause}"


@contextmanager
def _quiet_pooch() -> Iterator[None]:
    """pooch reports to stderr on its own; what to show is the caller's choice."""
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
