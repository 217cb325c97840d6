"""End a command in good order when a signal asks for it.

The signals are SIGINT (Ctrl-C), SIGTERM, and SIGHUP, which a terminal sends when it is
closed. A signal that the process ignores, as `nohup` and `&` arrange it, stays ignored.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP.
SIGNALS = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
# Some programs, such as `timeout`, send the same signal twice.
_SECONDS_OF_REPEATS = 1.0

Handler = Callable[[int, FrameType | None], None]


class Interrupted(KeyboardInterrupt):
    """A signal asked the process to end.

    number: the number of the signal
    what: what was interrupted, and what is saved: a sentence without its full stop
    advice: what to type next: a sentence without its full stop
    """

    def __init__(
        self,
        number: int = signal.SIGINT,
        what: str = "",
        advice: str = "To start again, type the same command",
    ) -> None:
        self.number = number
        self.what = what or f"interrupted by {signal.Signals(number).name}"
        self.advice = advice
        super().__init__(self.what)

    @property
    def exit_code(self) -> int:
        """The usual exit code of a program that this signal ended: 130 for SIGINT."""
        return 128 + self.number

    @property
    def line(self) -> str:
        """The line that a command prints when it was interrupted."""
        return f"{self.what}. {self.advice}"

    @classmethod
    def of(cls, error: KeyboardInterrupt) -> "Interrupted":
        """Return the error itself, or an Interrupted in place of a KeyboardInterrupt."""
        if isinstance(error, cls):
            return error
        return cls()


class StopRequest:
    """Whether a signal has arrived.

    number: the number of the signal; None if there was none
    is_answered: whether `check` has told of it
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.is_answered = False

    def check(self) -> None:
        """Raise Interrupted if a signal has arrived."""
        if self.number is not None:
            self.is_answered = True
            raise Interrupted(self.number)


@contextmanager
def held_signals() -> Iterator[StopRequest]:
    """Hold signals back during the `with` block, and yield the object that knows of them.

    The block calls `check` wherever it can be interrupted without harm. A signal that it
    did not ask for arrives at the end of the block. In a thread other than the main
    thread, signals are not held back.
    """
    request = StopRequest()

    def hold(number: int, frame: FrameType | None) -> None:
        del frame
        request.number = number

    with _handled_by(hold):
        yield request
    if request.number is not None and not request.is_answered:
        signal.raise_signal(request.number)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Raise Interrupted in the `with` block when a signal arrives.

    While a module is being imported, the process ends at once instead: libraries can lose
    an exception that is raised at that moment, or turn it into another one. It also ends
    at once if Interrupted was raised but did not end the block.
    """
    first: list[float] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if first and now - first[0] < _SECONDS_OF_REPEATS:
            return
        if first or is_importing(frame):
            _end_now(number)
        first.append(now)
        raise Interrupted(number)

    def ignored(lost: "sys.UnraisableHookArgs") -> None:
        # Half-made objects that are thrown away, such as a ZipFile, may complain.
        if isinstance(lost.exc_value, Interrupted) or not first:
            _end_if_interrupted(lost)

    before = sys.unraisablehook
    sys.unraisablehook = ignored
    try:
        with _handled_by(interrupt):
            yield
    finally:
        # After a signal, the process is about to end, and its objects with it.
        if not first:
            sys.unraisablehook = before


def end_at_once() -> None:
    """Let every later signal end the process at once, as when Python is shutting down."""
    for number in SIGNALS:
        if _can_be_handled(number):
            signal.signal(number, lambda number, _: _end_now(number))


def is_importing(frame: FrameType | None) -> bool:
    """Return whether an import is under way in a frame or in one of its callers."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


@contextmanager
def _handled_by(handler: Handler) -> Iterator[None]:
    before = {}
    # Python allows signal handlers only in the main thread.
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            if _can_be_handled(number):
                before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _can_be_handled(number: int) -> bool:
    # None is a handler that was not set from Python, and cannot be restored.
    return signal.getsignal(number) not in (signal.SIG_IGN, None)


def _end_if_interrupted(lost: "sys.UnraisableHookArgs") -> None:
    """End the process if Interrupted was raised where Python ignores exceptions."""
    if isinstance(lost.exc_value, Interrupted):
        _end_now(lost.exc_value.number)
    sys.__unraisablehook__(lost)


def _end_now(number: int) -> None:
    error = Interrupted(number)
    os.write(2, f"{error.line}\n".encode())
    os._exit(error.exit_code)
