"""The record of a check, which travels between processes and ends up in the summary."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ..verdict import Verdict

# What happened to the reference. "missing": there is none. "error": nothing was compared.
Done = Literal["compared", "saved", "updated", "missing", "error"]


@dataclass(frozen=True, kw_only=True)
class Record:
    """What one check of one test found. Accuracies are fractions.

    test: the id that pytest gives the test
    file, line: where the test is; the line counts from 1
    folder: the folder with the set of references
    name, protocol: see `Key`; the protocol of an error may be unknown, ""
    split: the split that was measured on
    passed: whether the test may go on
    reason: a sentence that says why
    accuracy: the mean of the new runs; None if nothing was measured
    reference: the mean of the reference; None if there is none
    alpha: the risk of a false alarm of this check
    command: what to type next; "" for nothing
    remarks: further sentences for the reader
    nights: what the history keeps of this check; see `Night`
    """

    test: str
    file: str
    line: int
    folder: str
    name: str
    protocol: str
    split: str
    done: Done
    passed: bool
    reason: str
    alpha: float
    accuracy: float | None = None
    reference: float | None = None
    verdict: Verdict | None = None
    command: str = ""
    remarks: tuple[str, ...] = ()
    nights: tuple[dict[str, Any], ...] = ()

    @property
    def word(self) -> str:
        """The outcome in one word."""
        if self.verdict is None:
            return self.done
        return self.verdict.outcome

    @property
    def is_named_by_test(self) -> bool:
        """Whether the check has the name of its test, and none of its own."""
        return f"/{self.test}".endswith(f"/{self.name}")

    @property
    def place(self) -> str:
        """The name of the check, and the protocol if one is known."""
        if not self.protocol:
            return self.name
        return f"{self.name} on {self.protocol}"

    @property
    def message(self) -> str:
        """What the test says when it fails."""
        where = self.protocol
        if not self.protocol or not self.is_named_by_test:
            where = self.place
        text = f"{where}: {self.reason}"
        if not self.command:
            return text
        if self.done == "missing":
            return f"{text}. To make it:\n{self.command}"
        return f"{text}\nIf this is as it should be, accept it:\n{self.command}"

    def to_json(self) -> str:
        """Return the record as text; `from_json` reads it."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Record":
        """Return the record that `to_json` wrote."""
        fields = json.loads(text)
        verdict = fields.pop("verdict")
        if verdict is not None:
            remarks = tuple(verdict.pop("remarks"))
            verdict = Verdict(**verdict, remarks=remarks)
        for name in ("remarks", "nights"):
            fields[name] = tuple(fields[name])
        return cls(**fields, verdict=verdict)
