"""How a machine computes: the same task makes the same bytes only where this is equal."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from fewbench.documents import shown
from fewbench.errors import UserError

from ..environment import environment


class OtherConditions(UserError):
    """This machine would make other bytes than the machine that began the work."""


@dataclass(frozen=True)
class Conditions:
    """What decides the rounding of a computation.

    instruction_set: of the processor; with "cuda", also the kind of GPU and its libraries
    threads: the number of threads of torch
    device: "cpu" or "cuda"
    """

    fewbench: str
    torch: str
    numpy: str
    processor: str
    instruction_set: str
    threads: int
    device: str = "cpu"

    @classmethod
    def here(cls, threads: int, device: str = "cpu") -> "Conditions":
        """Return the conditions on this machine.

        device: "auto", "cpu" or "cuda"
        Raises BaselineError if this machine lacks the device.
        """
        # This module imports torch.
        from ...baselines.device.choose import resolve_device

        kind = resolve_device(device).type
        facts = environment()
        return cls(
            fewbench=facts["fewbench"],
            torch=facts["torch"],
            numpy=facts["numpy"],
            processor=facts["processor"],
            instruction_set=_instruction_set(kind),
            threads=threads,
            device=kind,
        )

    @property
    def machine(self) -> str:
        """The kind of machine, for messages."""
        return f"{self.processor} ({self.instruction_set}, {self.device})"

    def document(self) -> dict[str, str | int]:
        """Return the conditions as values for JSON."""
        return asdict(self)

    def check(self, here: "Conditions", where: str) -> None:
        """Raise OtherConditions if this machine computes under other conditions.

        self: the conditions of the machine that began the work
        here: the conditions on this machine
        where: the folder with the work, for the message
        """
        differences = list(self._differences(here))
        if differences:
            raise OtherConditions(
                f"{where}: this machine would make other bytes: expected the conditions "
                f"under which the work began, got {'; '.join(differences)}. Go on at a "
                f"machine of the same kind, or choose another folder with --out. A grid "
                f"accepts predictions that differ by rounding with: fewbench grid run "
                f"--mixed"
            )

    def _differences(self, here: "Conditions") -> Iterator[str]:
        ours = here.document()
        for name, theirs in self.document().items():
            if ours[name] != theirs:
                words = name.replace("_", " ")
                yield f"{words} {shown(ours[name])} instead of {shown(theirs)}"


def _instruction_set(device: str) -> str:
    """Return the instruction set of the processor, and with a GPU its kind and libraries.

    device: "cpu" or "cuda"
    """
    from ...baselines.device.machine import gpu_facts, machine_facts

    found = machine_facts()["instruction_set"]
    return f"{found}, {gpu_facts()}" if device == "cuda" else found
