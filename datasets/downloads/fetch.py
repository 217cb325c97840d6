"""Fetch a source file from the first of its addresses that serves the right bytes."""

import logging
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pooch

from ..archives.signatures import describe_content, looks_like_page
from ..files import file_digest
from ..info import DataError, Source
from .checksums import Expected, first_seen, known, look_up
from .partial_file import Part
from .transfer import Progress, Transfer
from .web import Refused

_log = logging.getLogger(__name__)


def fetch(
    source: Source,
    folder: Path,
    *,
    offline: bool = False,
    progress: Progress | None = None,
    timeout: float = 30.0,
    command: str = "",
) -> Path:
    """Path of the checked file in `folder`, downloaded if it is not there.

    progress(bytes so far, bytes in all or 0 if unknown) is called as bytes arrive, which includes
    those of an earlier run; `timeout` is the longest silence of a server, in seconds, and a
    sixtieth of it the first pause before another attempt; `command` is what to type next once the
    file was placed by hand. A wrong file under the final name cannot stem from here, where checks
    come before the rename: it is refused, never overwritten.
    Raises DataError that gives the reason of every address, and how to place the file by hand.
    """
    command = command or f"fewbench data build NAME --source {shlex.quote(str(folder))}"
    job = _Fetch(source, folder / source.filename, progress, timeout, command)
    try:
        if job.path.exists():
            job.check_present(offline)
        elif offline or not source.urls:
            off = "not there, and downloads are off (--offline)" if source.urls else ""
            raise job.refusal(
                f"{off or 'no address is known'}. ", known(job.path, source)
            )
        else:
            folder.mkdir(parents=True, exist_ok=True)
            with _exclusive(job.path):
                if not job.path.exists():  # another process may have been faster
                    job.download()
        return job.path
    except OSError as error:
        raise DataError(
            f"{job.path}: cannot be written or read: expected a folder that you may write to, with "
            f"room, got: {error}. Make room or choose another: fewbench data build NAME --root DIR"
        ) from error


def recorded_check(path: Path, source: Source) -> str:
    """One sentence on the checksum that `fetch` compared; raises DataError if it is damaged."""
    expected = known(path, source)
    if not expected.digest:
        return f"{path.name}: no checksum is published, and none was recorded"
    return f"{path.name}: {expected.algorithm} {expected.digest} is {expected.origin}"


@dataclass(frozen=True)
class _Fetch:
    source: Source
    path: Path
    progress: Progress | None
    timeout: float
    command: str

    def check_present(self, offline: bool) -> None:
        expected = known(self.path, self.source)
        if not (expected.digest or offline):
            expected = look_up(self.path, self.source, self.timeout)
        fault = _fault(self.path, expected)
        if fault is None and expected.digest:
            digest = file_digest(self.path, expected.algorithm)
            fault = (
                None if digest == expected.digest else f"{expected.algorithm} {digest}"
            )
        if fault is not None:
            raise DataError(
                f"{self.path}: is not the published file: expected {expected}, got {fault}. "
                f"Delete it to have it downloaded again; if you packed it yourself, have its "
                f"content checked instead: {self.command}{expected.hint(self.path)}"
            )

    def download(self) -> None:
        expected = look_up(self.path, self.source, self.timeout)
        Part(self.path).take_back()
        reasons = []
        for url in self.source.urls:
            try:
                self._from_address(url, expected)
                return
            except Refused as refused:
                _log.info("%s: %s", url, refused)
                reasons.append(f"\n  {url}: {refused}")
        raise self.refusal(f"no address served it:{''.join(reasons)}\n", expected)

    def _from_address(self, url: str, expected: Expected) -> None:
        _log.info("downloading %s from %s", self.path, url)
        part = Part(self.path)
        transfer = Transfer(
            url, part, expected.size, bool(expected.digest), self.progress, self.timeout
        )
        for last in (False, True):
            resumed = transfer.run()
            fault = _fault(part.path, expected) or self._settle(url, part, expected)
            part.clear()
            if fault is None:
                return
            if (
                last or not resumed
            ):  # else the bytes of an earlier connection may be to blame
                raise Refused(fault)

    def _settle(self, url: str, part: Part, expected: Expected) -> str | None:
        """Let pooch compare the checksum and give the final name; what is wrong, if anything."""
        if not expected.digest:
            expected = first_seen(self.path, part.path, expected.size)

        def hand_over(_url: str, target: str, _pooch: object) -> None:
            part.hand_over(Path(target))

        try:
            with _quiet_pooch():
                pooch.retrieve(
                    url,
                    expected.pooch_hash(),
                    self.path.name,
                    self.path.parent,
                    downloader=hand_over,  # pyright: ignore[reportArgumentType] - for Pooch.fetch
                )
        except ValueError as error:
            return str(error).partition(" Deleted download")[0]
        return None

    def refusal(self, what: str, expected: Expected) -> DataError:
        """What failed, and the steps by which a person puts the file in place."""
        kept, urls = Part(self.path).size, " or ".join(self.source.urls)
        stays = (
            f"The {kept:,} bytes that have arrived are kept for the next run. "
            if kept
            else ""
        )
        ways = [f"download {urls} in a browser"] if urls else []
        ways += [self.source.by_hand] if self.source.by_hand else []
        where = "Either " + "; or ".join(ways) if len(ways) > 1 else "".join(ways)
        return DataError(
            f"{self.path}: {what}Expected {expected}. {stays}To place it by hand:\n"
            f"  1. {where or f'Get {self.path.name} from who published it'}.\n"
            f"  2. Place {self.path.name}, as it is, as {self.path}\n"
            f"  3. Type: {self.command}{expected.hint(self.path)}"
        )


def _fault(path: Path, expected: Expected) -> str | None:
    """What shows without a checksum that a file is not the expected one."""
    with path.open("rb") as file:
        head = file.read(512)
    if not head or looks_like_page(head):
        return describe_content(path)
    size = path.stat().st_size
    return None if expected.size in (None, size) else f"{size:,} bytes"


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """One download of a file at a time; the lock dies with its process."""
    with path.with_name(f".{path.name}.lock").open("w") as file:
        try:
            import fcntl  # not on Windows, where downloads are not locked

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataError(
                f"{path}: another process is downloading it. Wait until it has finished, then "
                f"type the same command again."
            ) from None
        except (ImportError, OSError):
            _log.info(
                "%s: cannot be locked here", path
            )  # some network file systems know no locks
        yield


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
