"""The folder of a training run: its checkpoints, its log, and how it is resumed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from fewbench.files import write_json

from .backbones import Shape
from .checkpoints import load_checkpoint, save_checkpoint
from .config import TrainConfig, parse_config
from .learner import BaselineError

# The checkpoint of the last validation, from which a run resumes.
LAST = "last.safetensors"
# The checkpoint with the best validation accuracy.
BEST = "best.safetensors"
LOG = "train.json"


@dataclass
class TrainState:
    """How far a run has come.

    history: an entry for each validation, with step, seconds, loss and so on
    """

    step: int = 0
    seconds: float = 0.0
    best_accuracy: float = -1.0
    history: list[dict[str, float]] = field(default_factory=list)


@dataclass(frozen=True)
class RunFacts:
    """What a run is made of. It stays the same from its first to its last step.

    data_fingerprint: of the training view, and of the validation view if there is one
    """

    config: TrainConfig
    image_shape: Shape
    data_fingerprint: list[str]
    device: str


class RunFolder:
    """The files of one training run."""

    def __init__(self, path: Path, facts: RunFacts) -> None:
        self.path = path
        self.facts = facts

    @property
    def has_run(self) -> bool:
        """Whether a run has left its last checkpoint here."""
        return (self.path / LAST).exists()

    def prepare(self, resume: bool) -> None:
        """Make the folder. Raises BaselineError when it holds a run that is not resumed."""
        self.path.mkdir(parents=True, exist_ok=True)
        if self.has_run and not resume:
            raise BaselineError(
                f"{self.path}: holds another run. Continue that run with --resume, or choose "
                f"another folder with --out"
            )

    def save(
        self,
        file_name: str,
        tensors: dict[str, Tensor],
        state: TrainState,
    ) -> None:
        """Write a checkpoint. Raises BaselineError when the disk is full."""
        save_checkpoint(self.path / file_name, tensors, self._card(state))

    def write_log(self, state: TrainState) -> None:
        """Write the log: the facts of the run and its history so far."""
        write_json(self.path / LOG, self._card(state))

    def load(self) -> tuple[dict[str, Tensor], TrainState]:
        """The tensors and the state of the last checkpoint.

        Raises BaselineError when it was trained by another recipe or on other data.
        """
        tensors, card = load_checkpoint(self.path / LAST)
        self._check_same_run(card)
        state = TrainState(
            step=card["step"],
            seconds=card["seconds"],
            best_accuracy=card["best_accuracy"],
            history=card["history"],
        )
        return tensors, state

    def _check_same_run(self, card: Mapping[str, Any]) -> None:
        # Parsing fills in the keys that an older fewbench did not know.
        saved_config = parse_config(card["config"], str(self.path / LAST))
        saved = saved_config.flat()
        saved["data_fingerprint"] = card["data_fingerprint"]
        ours = self.facts.config.flat()
        ours["data_fingerprint"] = self.facts.data_fingerprint
        # It decides about memory only, so it may change.
        del ours["tasks_per_chunk"]
        for key, value in ours.items():
            if saved.get(key) != value:
                raise BaselineError(
                    f"{self.path}: cannot resume: {key} differs: expected "
                    f"{saved.get(key)} as in the run that is there, got {value}. Use the "
                    f"same recipe and data, or choose another folder with --out"
                )

    def _card(self, state: TrainState) -> dict[str, Any]:
        return {
            "config": self.facts.config.flat(),
            "image_shape": list(self.facts.image_shape),
            "data_fingerprint": self.facts.data_fingerprint,
            "device": self.facts.device,
            "step": state.step,
            "seconds": state.seconds,
            "best_accuracy": state.best_accuracy,
            "history": state.history,
        }
