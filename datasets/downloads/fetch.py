"""Download a source file from the first address that serves the right bytes."""

import logging
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fewbench.locks import exclusive
from fewbench.progress import Progress
from fewbench.space import what_helps

from ..info import DataError, Source
from .checksums import Expected, known, record_first_digest
from .partial_file import PartialFile
from .transfer import Transfer
from .web import Refused
from .zenodo import look_up

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
    """Return the path of the source file in `folder`. Download it if it is missing.

    A file that is already in `folder` is checked and never overwritten. If it is wrong,
    the user placed it there: a download is checked before it gets its final name.

    progress: called with the stage "download FILE", the bytes so far and the total
        bytes. The bytes so far include an earlier run. The total is 0 if unknown.
    timeout: the longest time that a server may stay silent, in seconds
    command: the command that the user types after placing the file by hand
    Raises DataError if the file in `folder` is wrong, if the folder cannot be written,
    or if no address serves the right file. In the last case, the text says why each
    address failed, and how to place the file by hand.
    Raises Busy if another process is downloading the file.
    """
    folder_option = f"--source {shlex.quote(str(folder))}"
    command = command or f"fewbench data build NAME {folder_option}"
    path = folder / source.filename
    job = _Fetch(
        source=source,
        path=path,
        progress=progress,
        timeout=timeout,
        command=command,
    )
    try:
        if path.exists():
            job.check_present(offline)
        elif not source.urls:
            what = "no download address is known."
            raise job.refusal([what], known(path, source))
        elif offline:
            what = "the file is missing, and downloads are off (--offline)."
            raise job.refusal([what], known(path, source))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            job.download_alone()
        return path
    except OSError as error:
        advice = what_helps(error, "Choose another folder with the option --root DIR")
        raise DataError(
            f"{path}: cannot be written or read: expected a folder that you may write "
            f"to, with free space, got an error: {error}. {advice}"
        ) from error


def recorded_check(path: Path, source: Source) -> str:
    """Return a sentence about the checksum that `fetch` compared.

    Raises DataError if the checksum file beside `path` is damaged.
    """
    expected = known(path, source)
    if not expected.digest:
        return f"{path.name}: no checksum is published, and none was recorded"
    checksum = f"{expected.algorithm} {expected.digest}"
    return f"{path.name}: {checksum} is {expected.origin}"


@dataclass(frozen=True)
class _Fetch:
    source: Source
    path: Path
    progress: Progress | None
    timeout: float
    command: str

    def check_present(self, offline: bool) -> None:
        expected = known(self.path, self.source)
        if not expected.digest and not offline:
            expected = look_up(self.path, self.source, self.timeout)
        fault = expected.fault(self.path)
        if fault is not None:
            raise DataError(
                f"{self.path}: is not the published file: expected {expected}, "
                f"got {fault}. To download it again, delete this file. If you packed "
                f"it yourself, check its content instead: {self.command}",
                *expected.hints(self.path),
            )

    def download_alone(self) -> None:
        """Download the file, unless another process has finished the same download.

        Raises Busy if another process is downloading the file at this moment.
        """
        lock = self.path.with_name(f".{self.path.name}.lock")
        with exclusive(lock, f"downloading {self.path}"):
            if not self.path.exists():
                self._download()

    def _download(self) -> None:
        expected = look_up(self.path, self.source, self.timeout)
        PartialFile(self.path).take_back()
        reasons: list[str] = []
        for url in self.source.urls:
            try:
                self._download_from(url, expected)
                return
            except Refused as refused:
                _log.info("%s: %s", url, refused)
                reasons.append(f"  {url}: {refused}")
        what = "no address served the right file:"
        raise self.refusal([what, *reasons, ""], expected)

    def _download_from(self, url: str, expected: Expected) -> None:
        _log.info("downloading %s from %s", self.path, url)
        part = PartialFile(self.path)
        transfer = Transfer(
            url,
            part,
            size=expected.size,
            most=self.source.most_bytes,
            checked=bool(expected.digest),
            progress=self.progress,
            stage=f"download {self.source.filename}",
            timeout=self.timeout,
        )
        is_resumed = transfer.run()
        fault = expected.fault(part.path)
        if fault is not None and is_resumed:
            # The bytes of an earlier connection may be wrong: download all bytes again.
            part.clear()
            transfer.run()
            fault = expected.fault(part.path)
        if fault is not None:
            part.clear()
            raise Refused(f"it served {fault}")
        if not expected.digest:
            record_first_digest(self.path, part.path)
        part.finish()

    def refusal(self, what: Sequence[str], expected: Expected) -> DataError:
        """Return the error with the failure, and the steps to place the file by hand.

        what: the lines of the failure; what was expected follows on the last of them
        """
        n_kept = PartialFile(self.path).size
        kept = ""
        if n_kept:
            kept = f"The {n_kept:,} bytes that have arrived are kept for the next run. "
        *lines, last = what
        goal = f"{last} Expected {expected}. {kept}To place the file by hand:"
        first, *rest = [*lines, goal.lstrip()]
        return DataError(
            f"{self.path}: {first}",
            *rest,
            f"  1. {self._where()}.",
            f"  2. Save {self.path.name}, without unpacking it, as {self.path}",
            f"  3. Type: {self.command}",
            *expected.hints(self.path),
        )

    def _where(self) -> str:
        """Return the first step by hand, which says where to get the file."""
        by_hand = self.source.by_hand
        if not self.source.urls:
            return by_hand or f"Get {self.path.name} from its publisher"
        in_browser = f"download {' or '.join(self.source.urls)} in a browser"
        if by_hand:
            return f"Either {in_browser}; or {by_hand}"
        return in_browser
