import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fewbench.signals import (
    SIGNALS,
    Interrupted,
    StopRequest,
    ended_by_signals,
    held_signals,
)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_held_signal_waits_for_the_check(number: int) -> None:
    before = signal.getsignal(number)
    with held_signals() as request:
        request.check()
        signal.raise_signal(number)
        with pytest.raises(Interrupted) as info:
            request.check()
    assert info.value.exit_code == 128 + number
    assert signal.getsignal(number) is before


def test_a_held_signal_that_nobody_asked_for_arrives_at_the_end() -> None:
    steps = []

    def work() -> None:
        with held_signals() as request:
            with held_signals():
                signal.raise_signal(signal.SIGTERM)
                steps.append("inner")
            assert request.number == signal.SIGTERM
            steps.append("outer")
        steps.append("after")

    with pytest.raises(Interrupted) as info, ended_by_signals():
        work()
    assert info.value.exit_code == 143
    assert steps == ["inner", "outer"]


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with held_signals() as request, ended_by_signals():
            signal.raise_signal(signal.SIGTERM)
            request.check()
    finally:
        signal.signal(signal.SIGTERM, before)


def test_another_thread_holds_no_signals() -> None:
    requests: list[StopRequest] = []

    def hold() -> None:
        with held_signals() as request:
            requests.append(request)

    thread = threading.Thread(target=hold)
    thread.start()
    thread.join()
    assert requests[0].number is None


def test_a_signal_interrupts_and_its_repetition_does_not() -> None:
    def send_twice() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Interrupted) as info, ended_by_signals():
        send_twice()
    line = "interrupted by SIGTERM. To start again, type the same command"
    assert info.value.line == line
    assert info.value.exit_code == 143


def test_a_keyboard_interrupt_counts_as_sigint() -> None:
    assert Interrupted.of(KeyboardInterrupt()).exit_code == 130
    error = Interrupted(signal.SIGTERM, "saved")
    assert Interrupted.of(error) is error


SWALLOWED_IN_AN_IMPORT = """
try:
    import slow
except BaseException:
    pass
"""
LOST_IN_A_DESTRUCTOR = """
class Last:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

last = Last()
del last
"""
COMPLAINS_HALF_MADE = """
class Half:
    def __init__(self):
        signal.raise_signal(signal.SIGINT)
        self.file = None
    def __del__(self):
        self.file.close()

try:
    Half()
except KeyboardInterrupt as error:
    sys.stderr.write(error.line + "\\n")
    sys.exit(error.exit_code)
"""
SWALLOWED_AT_FIRST = """
try:
    signal.raise_signal(signal.SIGINT)
except BaseException:
    time.sleep(1.1)
signal.raise_signal(signal.SIGINT)
"""
AT_THE_END = """
atexit.register(signal.raise_signal, signal.SIGINT)
atexit.register(signals.end_at_once)
sys.exit()
"""


@pytest.mark.parametrize(
    "code",
    [
        SWALLOWED_IN_AN_IMPORT,
        LOST_IN_A_DESTRUCTOR,
        COMPLAINS_HALF_MADE,
        SWALLOWED_AT_FIRST,
        AT_THE_END,
    ],
)
def test_no_code_can_lose_a_signal(tmp_path: Path, code: str) -> None:
    raised = "import signal; signal.raise_signal(signal.SIGINT)"
    (tmp_path / "slow.py").write_text(raised)
    imports = "import atexit, signal, sys, time\nfrom fewbench import signals\n"
    body = code.strip().replace("\n", "\n    ")
    script = f"{imports}with signals.ended_by_signals():\n    {body}\nprint('went on')"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 130
    assert done.stdout == ""
    assert done.stderr.startswith("interrupted by SIGINT. ")
    assert done.stderr.count("\n") == 1
