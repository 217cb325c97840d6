"""Run `fewbench` commands in processes of their own, to be stopped at any moment.

A started command is what a user types. A forked one comes from a server in which everything
is imported already: it takes a tenth of the time, and a random moment meets its work.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import pytest

from fewbench_tests.commands import FEWBENCH
from fewbench_tests.fork_server import CONTEXT
from fewbench_tests.paths import SUPPORT

UMASK = 0o027
_IMPORTED = (
    "fewbench.benchmark.cli.app",
    "fewbench.benchmark.board.pages",
    "fewbench.benchmark.cluster.embed_into",
    "fewbench.benchmark.cluster.embedding",
    "fewbench.benchmark.cluster.grid_work",
    "fewbench.benchmark.cluster.pool",
    "fewbench.benchmark.quickstart",
    "fewbench.benchmark.submission.pack",
    "fewbench.benchmark.train",
    "fewbench.reports.leaderboard.site",
    "fewbench.reports.report",
    "fewbench_tests.running",
)


class _Process(Protocol):
    def poll(self) -> int | None: ...


class _Forked:
    """A process of the server, with the methods of `subprocess.Popen`."""

    def __init__(self, process: Any) -> None:
        self._process = process
        self.pid = process.pid

    def poll(self) -> int | None:
        return self._process.exitcode


class Running:
    """A command that runs in a process group of its own.

    folder: where it runs
    environment: variables beside those of this process
    forked: whether it comes from the server
    """

    def __init__(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        *,
        forked: bool,
    ) -> None:
        self._said = folder.with_name(f"{folder.name}.{time.monotonic_ns()}.said")
        if forked:
            # How long the command takes is not how long the server takes to import.
            _start_server()
        self._since = time.monotonic()
        start = _fork if forked else _start
        self._process = start(arguments, folder, environment, self._said)
        self.pid: int = self._process.pid

    def send(self, number: int, *, to_group: bool) -> None:
        """Send it a signal, or to all processes that it has started as well."""
        send = os.killpg if to_group else os.kill
        # It may be over, or not have made its group yet.
        try:
            send(self.pid, number)
        except ProcessLookupError:
            if to_group:
                self.send(number, to_group=False)

    def code(self, seconds: float) -> int | None:
        """Return its exit code; None if it has not ended within some seconds."""
        deadline = time.monotonic() + seconds
        while (code := self._process.poll()) is None and time.monotonic() < deadline:
            time.sleep(0.005)
        if code is not None:
            self.seconds = time.monotonic() - self._since
        return code

    def said(self) -> str:
        """Return what it has printed."""
        return self._said.read_text("utf-8", "replace")


def _start(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    said: Path,
) -> Any:
    with said.open("wb") as file:
        return subprocess.Popen(
            [FEWBENCH, *arguments],
            cwd=folder,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
            umask=UMASK,
        )


def _fork(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    said: Path,
) -> Any:
    said.touch()
    parent, child = CONTEXT.Pipe(duplex=False)
    process: Any = CONTEXT.Process(
        target=_become,
        args=(list(arguments), folder, dict(environment), said, child),
    )
    process.start()
    child.close()
    # Until it has a process group of its own, it is a part of the server.
    parent.poll(60)
    parent.close()
    return _Forked(process)


@cache
def _start_server() -> None:
    CONTEXT.set_forkserver_preload(list(_IMPORTED))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(SUPPORT), prepend=os.pathsep)
        process: Any = CONTEXT.Process(target=int)
        process.start()
        process.join()


def _become(
    arguments: list[str],
    folder: Path,
    environment: dict[str, str],
    said: Path,
    ready: Any,
) -> None:
    """Be the command `fewbench` from here on. The pipe `ready` is closed then."""
    os.setsid()
    os.chdir(folder)
    os.umask(UMASK)
    os.environ.update(environment)
    out = os.open(said, os.O_WRONLY)
    os.dup2(out, 1)
    os.dup2(out, 2)
    sys.argv = ["fewbench", *arguments]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    ready.close()
    from fewbench.__main__ import main

    main()
