"""Builds of small datasets in processes of their own, to be killed at any moment."""

import resource
import signal
import traceback
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from fewbench.datasets.build import build
from fewbench.datasets.info import DatasetInfo, Request, Source
from fewbench.errors import UserError
from fewbench_tests import imagenet_archives as world
from fewbench_tests.bars import BARS
from fewbench_tests.fork_server import CONTEXT, start_server

INFOS: dict[str, DatasetInfo] = {
    "mini": world.MINI,
    "tiered": world.TIERED,
    "bars": replace(BARS, sources=(Source("bars.zip"),)),
}


class StoppableBuild:
    """A build that is under way.

    stepwise: it waits after each class until it may go on
    limit: the most bytes that it may write to a file
    """

    def __init__(
        self,
        dataset: str,
        source: Path,
        root: Path,
        *,
        rebuild: bool = False,
        stepwise: bool = False,
        limit: int = resource.RLIM_INFINITY,
    ) -> None:
        start_server()
        self._connection, theirs = CONTEXT.Pipe()
        args = theirs, dataset, source, root, rebuild, stepwise, limit
        self.process = CONTEXT.Process(target=_build, args=args, daemon=True)
        self.process.start()
        theirs.close()
        assert self._receive() == "started"

    def step(self) -> bool:
        """Wait until a class is written; False when there is none any more."""
        return self._receive() == "step"

    def go_on(self) -> None:
        """Let it write the next class."""
        self._connection.send("go on")

    def kill(self) -> None:
        """End it by SIGKILL."""
        self.process.kill()
        self.process.join()
        self._connection.close()

    def result(self) -> str:
        """Wait for its end: "built", or the text of the UserError. Raises what else it raised."""
        answer = self._receive()
        while answer == "step":
            self.go_on()
            answer = self._receive()
        self.process.join()
        self._connection.close()
        if answer.startswith("Traceback"):
            raise AssertionError(answer)
        return answer

    def _receive(self) -> str:
        if not self._connection.poll(60):
            self.kill()
            raise TimeoutError("the build hangs")
        return self._connection.recv()


def _build(
    connection: Connection,
    dataset: str,
    source: Path,
    root: Path,
    rebuild: bool,
    stepwise: bool,
    limit: int,
) -> None:
    def progress(stage: str, done: int, total: int, remark: str = "") -> None:
        del stage, done, total, remark
        connection.send("step")
        connection.recv()

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    connection.send("started")
    try:
        report = progress if stepwise else None
        build(INFOS[dataset], root, Request(source), rebuild=rebuild, progress=report)
        connection.send("built")
    except UserError as error:
        notes = getattr(error, "__notes__", ())
        connection.send(" ".join([str(error), *notes]))
    except BaseException:
        connection.send(traceback.format_exc())
