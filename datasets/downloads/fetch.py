"""Fetch a source file from the first of its addresses that serves the right bytes."""

import logging
import shlex
from dataclasses import dataclass
from pathlib import Path

from fewbench.files import exclusive
from fewbench.progress import Progress

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
    """Path of the checked file in `folder`, downloaded if it is not there.

    progress: called with the stage "download FILE", the bytes so far, which include those
        of an earlier run, and the bytes in all, 0 if unknown
    timeout: longest silence of a server, in seconds
    command: what to type after placing the file by hand
    A wrong file under the final name did not come from here, where files are checked
    before they get that name: it is refused and never overwritten.
    Raises DataError with the reason of every address, and how to place the file by hand.
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
            raise job.refusal("no address is known. ", known(path, source))
        elif offline:
            what = "not there, and downloads are off (--offline). "
            raise job.refusal(what, known(path, source))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            job.download_alone()
        return path
    except OSError as error:
        raise DataError(
            f"{path}: cannot be written or read: expected a folder that you may write "
            f"to, with room, got: {error}. Make room, or choose another folder with the "
            f"option --root DIR"
        ) from error


def recorded_check(path: Path, source: Source) -> str:
    """One sentence on the checksum that `fetch` compared.

    Raises DataError when the file with the checksum is damaged.
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
                f"got {fault}. Delete it to have it downloaded again; if you packed it "
                f"yourself, have its content checked instead: "
                f"{self.command}{expected.hint(self.path)}"
            )

    def download_alone(self) -> None:
        """Download unless another process is doing so, or has done so meanwhile."""
        lock = self.path.with_name(f".{self.path.name}.lock")
        try:
            with exclusive(lock):
                if not self.path.exists():
                    self._download()
        except BlockingIOError:
            raise DataError(
                f"{self.path}: another process is downloading it. Wait until it has "
                f"finished, then type the same command again."
            ) from None

    def _download(self) -> None:
        expected = look_up(self.path, self.source, self.timeout)
        PartialFile(self.path).take_back()
        reasons = ""
        for url in self.source.urls:
            try:
                self._download_from(url, expected)
                return
            except Refused as refused:
                _log.info("%s: %s", url, refused)
                reasons += f"\n  {url}: {refused}"
        raise self.refusal(f"no address served it:{reasons}\n", expected)

    def _download_from(self, url: str, expected: Expected) -> None:
        _log.info("downloading %s from %s", self.path, url)
        part = PartialFile(self.path)
        transfer = Transfer(
            url,
            part,
            size=expected.size,
            checked=bool(expected.digest),
            progress=self.progress,
            stage=f"download {self.source.filename}",
            timeout=self.timeout,
        )
        is_resumed = transfer.run()
        fault = expected.fault(part.path)
        if fault is not None and is_resumed:
            # The bytes of an earlier connection may be to blame.
            part.clear()
            transfer.run()
            fault = expected.fault(part.path)
        if fault is not None:
            part.clear()
            raise Refused(f"it served {fault}")
        if not expected.digest:
            record_first_digest(self.path, part.path)
        part.finish()

    def refusal(self, what: str, expected: Expected) -> DataError:
        """What failed, and the steps by which a person puts the file in place."""
        n_kept = PartialFile(self.path).size
        kept = ""
        if n_kept:
            kept = f"The {n_kept:,} bytes that have arrived are kept for the next run. "
        return DataError(
            f"{self.path}: {what}Expected {expected}. {kept}To place it by hand:\n"
            f"  1. {self._where()}.\n"
            f"  2. Place {self.path.name}, as it is, as {self.path}\n"
            f"  3. Type: {self.command}{expected.hint(self.path)}"
        )

    def _where(self) -> str:
        """Where a person finds the file."""
        by_hand = self.source.by_hand
        if not self.source.urls:
            return by_hand or f"Get {self.path.name} from who published it"
        in_browser = f"download {' or '.join(self.source.urls)} in a browser"
        if by_hand:
            return f"Either {in_browser}; or {by_hand}"
        return in_browser
