"""Every command that writes: signals at random moments, and two processes at once.

FEWBENCH_TEST_ROUNDS is the number of signals and of races for each command. The last line of
each test counts what came of them.
"""

import os
import random
import re
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from fewbench_tests.running import UMASK, Running
from fewbench_tests.writers import WRITERS, Writer, modes_of, state_of

ROUNDS = int(os.environ.get("FEWBENCH_TEST_ROUNDS", "3"))
# One in so many rounds starts the command as a user does, which takes seconds.
_STARTED = 5
# FEWBENCH_TEST_PATIENCE is for a machine on which others work: so many times the usual time.
_PATIENCE = float(os.environ.get("FEWBENCH_TEST_PATIENCE", "1"))
# How long a command may take, and how long its end after a signal.
_SECONDS = 60.0 * _PATIENCE
_SECONDS_TO_END = 10.0 * _PATIENCE
# The folder of torch's compiler, which is made when an optimiser is, and stays.
_KEPT_BY_TORCH = "torchinductor_"
_WHO_HAS_IT = re.compile(
    r"^error: another process is .+ \(process \d+ on .+, since .+: fewbench .+\)", re.M
)
SIGNALS = (
    (signal.SIGINT, True),
    (signal.SIGTERM, False),
    (signal.SIGTERM, True),
    (signal.SIGHUP, False),
    (signal.SIGKILL, False),
)


@dataclass
class World:
    """A command, the folder that it begins with, and what it makes of it.

    before, after: the state of the folder before and after it
    rival_after: the state after its rival
    both_after: the states after both, one after the other
    seconds: how long it takes, forked and started
    """

    writer: Writer
    begin: Path
    root: Path
    place: Path
    before: dict[str, str]
    after: dict[str, str]
    rival_after: dict[str, str]
    both_after: list[dict[str, str]]
    seconds: dict[bool, float]
    n_folders: int = 0

    def new_folder(self) -> Path:
        """Return a copy of the folder that the command begins with."""
        self.n_folders += 1
        folder = self.place / str(self.n_folders)
        shutil.copytree(self.begin, folder)
        return folder

    def start(
        self, arguments: Sequence[str], folder: Path, *, forked: bool = True
    ) -> Running:
        """Start a command in a folder."""
        temporary = folder.with_name(f"{folder.name}.tmp")
        temporary.mkdir(exist_ok=True)
        data = folder / "data" if self.writer.own_data else self.root
        environment = {
            "FEWBENCH_DATA": str(data),
            "FEWBENCH_CACHE": str(folder / "cache"),
            "TMPDIR": str(temporary),
            "COLUMNS": "120",
            "OMP_NUM_THREADS": "1",
        }
        return Running(arguments, folder, environment, forked=forked)

    def is_whole(self, folder: Path) -> None:
        """Check that files that belong together are all old or all new."""
        now = state_of(folder)
        for start in self.writer.together:
            states = [_of(state, start) for state in (now, self.before, self.after)]
            assert states[0] in states[1:], f"{start} is neither old nor new"

    def check(self, folder: Path, *states: dict[str, str]) -> None:
        """Check that a folder is in one of some states, with nothing left behind."""
        found = _fixed(state_of(folder), self.writer)
        expected = [_fixed(state, self.writer) for state in states or (self.after,)]
        if found not in expected:
            differ = set(found.items()) ^ set(expected[0].items())
            raise AssertionError(f"{folder}: {sorted(differ)}")
        old = modes_of(self.begin)
        odd = {
            name: oct(mode)
            for name, mode in modes_of(folder).items()
            if name not in old and mode != 0o666 & ~UMASK
        }
        assert not odd


@pytest.fixture(scope="module", params=WRITERS, ids=lambda writer: writer.name)
def world(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    glyphs_root: Path,
) -> Iterator[World]:
    """A command that writes, after it was left alone once, or twice."""
    writer: Writer = request.param
    place = tmp_path_factory.mktemp("writer")
    begin = place / "begin"
    begin.mkdir()
    writer.prepare(begin, glyphs_root)
    before = state_of(begin)
    made = World(writer, begin, glyphs_root, place, before, {}, {}, [], {})
    ways = [True, True] if ROUNDS < _STARTED else [True, False]
    for forked in ways:
        folder = made.new_folder()
        running = made.start(writer.arguments, folder, forked=forked)
        code = running.code(_SECONDS)
        assert code == 0, running.said()
        made.seconds[forked] = running.seconds
        if made.after:
            made.check(folder)
        made.after = state_of(folder)
    made.rival_after = made.after
    if writer.rival:
        made.rival_after = _after(made, writer.rival)
        made.both_after = [
            _after(made, writer.arguments, writer.rival),
            _after(made, writer.rival, writer.arguments),
        ]
    yield made
    shutil.rmtree(place)


def _after(world: World, *commands: Sequence[str]) -> dict[str, str]:
    """Return the state after commands, of which the first one succeeds."""
    folder = world.new_folder()
    for number, command in enumerate(commands):
        running = world.start(command, folder)
        code = running.code(_SECONDS)
        assert code == 0 or number, running.said()
    return state_of(folder)


def test_a_signal_at_any_moment_loses_nothing(world: World, capsys) -> None:
    counts: Counter[str] = Counter()
    for number in range(ROUNDS):
        generator = random.Random(f"{world.writer.name} {number}")
        forked = (number + 1) % _STARTED != 0
        counts[_signalled(world, generator, forked=forked)] += 1
    _tell(capsys, world, "signals", counts)


def test_two_processes_at_once_destroy_nothing(world: World, capsys) -> None:
    counts: Counter[str] = Counter()
    for number in range(ROUNDS):
        generator = random.Random(f"{world.writer.name} {number} twice")
        forked = (number + 1) % _STARTED != 0
        counts[_raced(world, generator, forked=forked)] += 1
    _tell(capsys, world, "races", counts)


def _signalled(world: World, generator: random.Random, *, forked: bool) -> str:
    """End a command by a signal, and type it again. Return what became of the first."""
    writer = world.writer
    folder = world.new_folder()
    running = world.start(writer.arguments, folder, forked=forked)
    number, to_group = generator.choice(SIGNALS)
    code = running.code(generator.uniform(0, world.seconds[forked]))
    if code is None:
        running.send(number, to_group=to_group)
        code = running.code(_SECONDS_TO_END)
    said = running.said()
    about = f"{signal.Signals(number).name}, {to_group=}, {forked=}, {folder}: {said}"
    if code is None:
        running.send(signal.SIGKILL, to_group=True)
        raise AssertionError(f"it hangs after {about}")
    assert code in (0, 128 + number, -number), f"code {code} after {about}"
    assert "Traceback" not in said, about
    if code == 128 + number:
        last = said.splitlines()[-1]
        assert ". To " in last, about
    if number != signal.SIGKILL:
        left = os.listdir(folder.with_name(f"{folder.name}.tmp"))
        own = [name for name in left if not name.startswith(_KEPT_BY_TORCH)]
        assert own == [], about
    world.is_whole(folder)
    again = world.start(writer.again, folder)
    code_again = again.code(_SECONDS)
    said_again = again.said()
    is_done = code_again == 2 and writer.done and writer.done in said_again
    assert code_again == 0 or is_done, f"then {code_again}: {said_again} after {about}"
    assert "Traceback" not in said_again, said_again
    world.check(folder)
    shutil.rmtree(folder)
    if code == 0:
        return "ended before"
    return "killed" if number == signal.SIGKILL else "interrupted"


def _raced(world: World, generator: random.Random, *, forked: bool) -> str:
    """Start two commands that write the same. Return what became of both."""
    writer = world.writer
    folder = world.new_folder()
    first = world.start(writer.arguments, folder, forked=forked)
    ended = first.code(generator.uniform(0, world.seconds[forked]))
    second = world.start(writer.rival or writer.arguments, folder, forked=forked)
    codes = []
    refused = "both done"
    for one in (first, second):
        code = one.code(_SECONDS)
        said = one.said()
        if code is None:
            one.send(signal.SIGKILL, to_group=True)
            raise AssertionError(f"it hangs, {folder}: {said}")
        assert "Traceback" not in said, said
        if code != 0:
            refused = "one is told who writes"
            if writer.done and writer.done in said:
                refused = "one is told that it is done"
            else:
                assert code == 2, f"{code}: {said}"
                assert _WHO_HAS_IT.search(said), said
        codes.append(code)
    assert 0 in codes, codes
    # One of them would have replaced what the other one wrote.
    assert codes != [0, 0] or not writer.done
    states = [*world.both_after, world.rival_after, world.after]
    if codes[1] != 0:
        states = [world.after]
    elif codes[0] != 0:
        states = [world.rival_after]
    world.check(folder, *states)
    shutil.rmtree(folder)
    return "one after the other" if ended is not None else refused


def _of(state: dict[str, str], start: str) -> dict[str, str]:
    """Return the finished files whose names begin like this."""
    found = {}
    for name, digest in state.items():
        is_finished = ".partial" not in name and not name.endswith((".lock", ".pid"))
        if name.startswith(start) and is_finished:
            found[name] = digest
    return found


def _fixed(state: dict[str, str], writer: Writer) -> dict[str, str]:
    """Return a state without the hashes of files that differ in each run."""
    return {
        name: "" if name in writer.varies else digest for name, digest in state.items()
    }


def _tell(capsys, world: World, what: str, counts: Counter[str]) -> None:
    counted = ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
    seconds = f"{world.seconds[True]:.1f} s"
    with capsys.disabled():
        sys.stdout.write(
            f"\n{world.writer.name}: {counts.total()} {what} ({seconds}): {counted}\n"
        )
