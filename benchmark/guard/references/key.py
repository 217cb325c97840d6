"""What a reference is looked up by, and on which machine it was made."""

from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from fewbench.documents import shown

from ....reports.names import Name
from ....reports.origin import RECORD
from ....reports.records import Precision, RunResult

_LONGEST_LINE = 1000
_MOST_DIGITS = 6  # of a number of threads


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("expected one line of printable text")
    return text


def _below(test: str) -> str:
    """Raise ValueError for a test elsewhere, since a command that is advised names it."""
    path = PurePosixPath(test.partition("::")[0])
    if path.is_absolute() or ".." in path.parts:
        raise ValueError("expected a test in the folder of the tests")
    return test


def _line(text: object) -> str:
    """Return a text of a result, which a stranger may have written, as a `Line`.

    Escaped characters make it longer.
    """
    return shown(text, _LONGEST_LINE)[:_LONGEST_LINE]


Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Line = Annotated[str, Field(max_length=_LONGEST_LINE), AfterValidator(_one_line)]
TestPath = Annotated[Line, AfterValidator(_below)]
Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, kw_only=True, config=RECORD)
class Key:
    """What a reference is looked up by.

    name: the name of the check, such as "test_models.py::test_mine"
    protocol: the name of the protocol
    protocol_sha256: see `EvalProtocol.sha256`
    backend: the library that the learner computes with; "" if the result names none
    precision: the number format that the learner computes in
    """

    name: Line
    protocol: Name
    protocol_sha256: Sha256
    backend: Line
    precision: Precision

    @classmethod
    def of(cls, result: RunResult, name: str) -> "Key":
        """Return the key of a result."""
        return cls(
            name=name,
            protocol=result.protocol.name,
            protocol_sha256=result.protocol.sha256,
            backend=_line(result.recipe.get("backend") or ""),
            precision=result.precision,
        )


@dataclass(frozen=True, kw_only=True, config=RECORD)
class Machine:
    """On what a result was computed. Results of older versions do not say all of it.

    processor: its model; "" if unknown. Libraries choose their code by its vendor as well.
    instruction_set: such as "AVX2"; "" if unknown
    threads: the number of threads of torch; 0 if unknown
    torch: the version of torch; "" if unknown
    device: such as "cpu"; with "cuda" also the kind of the GPU and its libraries, if known
    """

    processor: Line
    instruction_set: Line
    threads: Count
    torch: Line
    device: Line

    @classmethod
    def of(cls, result: RunResult) -> "Machine":
        """Return the machine that a result records."""
        known = result.environment
        threads = known.get("threads", "")
        device = result.device
        if device == "cuda":
            device = f"{device} {known.get('gpu', '')}".strip()
        is_count = threads.isdecimal() and len(threads) <= _MOST_DIGITS
        return cls(
            processor=_line(known.get("processor", "")),
            instruction_set=_line(known.get("instruction_set", "")),
            threads=int(threads) if is_count else 0,
            torch=_line(known.get("torch", "")),
            device=_line(device),
        )

    def differences(self, other: "Machine") -> list[str]:
        """Return what is not known to be equal, such as "threads 2 there, 4 here"."""
        found = []
        for name in ("processor", "instruction_set", "threads", "torch", "device"):
            here = getattr(self, name)
            there = getattr(other, name)
            words = name.replace("_", " ")
            if not here or not there:
                found.append(f"{words} unknown")
            elif here != there:
                found.append(f"{words} {there} there, {here} here")
        return found
