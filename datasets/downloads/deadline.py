"""Give up work that another program can draw out for ever, such as the head of an answer."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return what `work` returns. It runs in a thread of its own.

    The time limits of sockets begin anew with each byte, so they cannot do this.
    Raises TimeoutError if it takes longer. The thread is then left alone, and ends with the
    process at the latest.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return future.result(seconds)
