"""Builds of damaged and hostile sources, in a process that may break without breaking the tests.

Run as a script it builds what each line of its input names, and answers with what came of it.
"""

import faulthandler
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import traceback
import warnings
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fewbench.datasets.build import build
from fewbench.datasets.info import DataError, Request
from fewbench.datasets.root import verify
from fewbench_tests import imagenet_archives as world
from fewbench_tests.paths import SUPPORT

_SECONDS = 30  # a build of a small world takes a third of one
_MEMORY, _FILE_BYTES = 4 * 2**30, 2**28
_STATUS = Path("/proc/self/status")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Audited events, and how many of their first arguments are paths that they change.
_CHANGING = {"os.rename": 2, "os.link": 2, "os.symlink": 2} | dict.fromkeys(
    (
        "os.mkdir",
        "os.remove",
        "os.rmdir",
        "os.truncate",
        "os.chmod",
        "os.chown",
        "os.utime",
    ),
    1,
)
_RUNNING = (
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "subprocess",
    "socket",
)


@dataclass(frozen=True)
class Outcome:
    """What came of a build.

    kind: "built", "refused" (a DataError), "broke" (any other exception) or "died" (the process)
    splits: of a verified build, split -> its part of the manifest
    reached: what it did outside its root
    megabytes: the most memory that the process took meanwhile, which is 90 when it does nothing
    """

    kind: str
    text: str = ""
    splits: dict[str, Any] = field(default_factory=dict)
    reached: list[str] = field(default_factory=list)
    megabytes: int = 0


class WatchedBuilds(AbstractContextManager["WatchedBuilds"]):
    """A process that builds the small worlds; a new one is started when it has died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def build(
        self, dataset: str, source: Path, root: Path, *, allow_missing: bool = False
    ) -> Outcome:
        """Build and verify "mini" or "tiered" from `source` below `root`."""
        if self._process is None:
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - its process's
            self._process = subprocess.Popen(
                [sys.executable, "-X", "faulthandler", "-m", __name__],
                env=os.environ | {"PYTHONPATH": str(SUPPORT)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = dataset, os.fsencode(source).hex(), str(root), allow_missing
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            return Outcome("died", self._last_words())
        return Outcome(**json.loads(answer))

    def _last_words(self) -> str:
        self._errors.seek(0)
        words = self._errors.read().decode(errors="replace")
        self.__exit__()
        return words

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._errors.close()
            self._process = None


class _Watch:
    """Notes whatever goes on outside the root of the build under way, and programs that it runs."""

    def __init__(self) -> None:
        self.root = ""
        self.seen: list[str] = []
        sys.addaudithook(self._note)

    def _note(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.root:
            return
        if event == "open":
            paths = args[:1] if args[2] & _WRITING else ()
        else:
            paths = args[: _CHANGING.get(event, 0)]
        if any(map(self._is_outside, paths)) or event.startswith(_RUNNING):
            self.seen.append(f"{event} {args}"[:300])

    def _is_outside(self, path: Any) -> bool:
        """Relative paths belong to open folders, which were found below the root."""
        if isinstance(path, int) or not os.path.isabs(path):
            return False
        return not Path(os.path.realpath(os.fsdecode(path))).is_relative_to(self.root)


def _build(dataset: str, source: str, root: str, allow_missing: bool) -> Outcome:
    info = {"mini": world.MINI, "tiered": world.TIERED}[dataset]
    request = Request(Path(os.fsdecode(bytes.fromhex(source))), allow_missing)
    try:
        splits = build(info, Path(root), request).manifest["splits"]
        verify(info, Path(root))
        return Outcome("built", splits=splits)
    except DataError as error:
        return Outcome("refused", str(error))
    except BaseException:
        return Outcome("broke", traceback.format_exc())


def _forget_peak() -> None:
    if _STATUS.exists():  # on Linux
        _STATUS.with_name("clear_refs").write_text("5")


def _peak() -> int:
    """MB; unlike that of getrusage it knows nothing of the process that started this one."""
    found = (
        re.search(r"VmHWM:\s*(\d+) kB", _STATUS.read_text())
        if _STATUS.exists()
        else None
    )
    return int(found[1]) // 1000 if found else 0


def main() -> None:
    """Answer the requests on stdin."""
    warnings.simplefilter("error")
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))
    watch = _Watch()
    for line in sys.stdin:
        asked = json.loads(line)
        faulthandler.dump_traceback_later(_SECONDS, exit=True)
        _forget_peak()
        watch.root, watch.seen = os.path.realpath(asked[2]), []
        outcome = _build(*asked)
        watch.root = ""
        faulthandler.cancel_dump_traceback_later()
        answer = {**outcome.__dict__, "reached": watch.seen, "megabytes": _peak()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
