"""Change the bytes of a file at random many times, and count what becomes of it."""

import copy
import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from types import FrameType
from typing import Any

from fewbench.documents import printable
from fewbench.errors import UserError

from .fuzzed_bundles import VALUES, damaged, places

# How many changes of each format that comes from strangers; of the others, a tenth.
N_MUTATIONS = int(os.environ.get("FEWBENCH_TEST_MUTATIONS", "100"))
_SECONDS = 10
_LONGEST_ERROR = 3000
_PIECES = (
    b"\xff\xfe",
    b"[" * 5000,
    b'"a":1,' * 2,
    b"9" * 5000,
    b"\x00" * 64,
    b"\x1b[31m",
)
Mutate = Callable[[Random], bytes]


class TooSlow(BaseException):
    """An input took longer than ten seconds."""


@dataclass
class Tally:
    """What became of the changed files.

    counts: "read" and "refused" -> how many
    faults: the seed of each input that was a fault, and what happened
    """

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def fuzz(
    mutate: Mutate,
    read: Callable[[bytes], object],
    n: int,
    whole: object = None,
) -> Tally:
    """Read many changed files, and count the outcomes.

    An input is a fault if it raises anything but a UserError, hangs, or is read as
    something else than the whole file.
    whole: what the file is read as; None if a change may give another value
    """
    tally = Tally()
    for seed in range(n):
        data = mutate(Random(seed))
        try:
            with limited():
                found = read(data)
        except UserError as error:
            text = str(error)
            is_shown = printable(text, keep="\n") == text
            tally.counts["refused"] += 1
            if not is_shown or len(text) > _LONGEST_ERROR:
                tally.faults.append(f"{seed}: says {text[:200]!a}")
        except (Exception, TooSlow) as error:
            tally.faults.append(f"{seed}: {type(error).__name__}: {str(error)[:200]}")
        else:
            tally.counts["read"] += 1
            if whole is not None and found != whole:
                tally.faults.append(f"{seed}: accepted")
    return tally


@contextmanager
def limited() -> Iterator[None]:
    """Raise TooSlow if the block takes longer than ten seconds."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, _SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def in_bytes(data: bytes) -> Mutate:
    """Flip some bytes, cut out or double a part, put something between, or cut the end."""

    def mutate(rng: Random) -> bytes:
        kind = rng.random()
        place = rng.randrange(len(data) + 1)
        if kind < 0.1:
            return data[:place]
        if kind < 0.2:
            return data[:place] + rng.choice(_PIECES) + data[place:]
        return damaged(rng, data)

    return mutate


def in_document(document: Any) -> Mutate:
    """Change or drop a value of a JSON document, or damage its bytes."""

    def mutate(rng: Random) -> bytes:
        if rng.random() < 0.3:
            return in_bytes(json.dumps(document).encode())(rng)
        changed = copy.deepcopy(document)
        for _ in range(rng.choice([1, 1, 2])):
            container, key = rng.choice(places(changed) or [({}, "")])
            if rng.random() < 0.2:
                container.pop(key)
            else:
                container[key] = copy.deepcopy(rng.choice(VALUES))
        return json.dumps(changed).encode()

    return mutate
