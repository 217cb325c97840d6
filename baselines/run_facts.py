"""What stays the same in a training run, however often it is stopped and resumed."""

from dataclasses import dataclass, field
from pathlib import Path

from fewbench.documents import shown

from .backbones import Shape
from .checkpoints import Card
from .config import TrainConfig
from .learner import BaselineError
from .own_code import changed_sources
from .recipe_files import parse_config


@dataclass(frozen=True)
class RunFacts:
    """The facts of a training run that stay the same when it is resumed.

    image_shape: (H, W, C)
    data_fingerprint: the fingerprints of the training images, and of the validation
        images if there are any
    own_code: the sha256 of each file with code of the user, see `source_hashes`
    """

    config: TrainConfig
    image_shape: Shape
    data_fingerprint: list[str]
    device: str
    own_code: dict[str, str] = field(default_factory=dict)

    def check_same_run(self, checkpoint: Path, card: Card) -> None:
        """Raise BaselineError if a checkpoint with this card is of another run."""
        path = checkpoint.parent
        # Parsing adds default values for keys that an older fewbench did not have.
        saved_config = parse_config(card.config, str(checkpoint), from_checkpoint=True)
        config = self.config
        self._check_own_code(path, card)
        self._check_cosine(path, saved_config)
        saved = saved_config.flat()
        saved["data_fingerprint"] = card.data_fingerprint
        ours = config.flat()
        ours["data_fingerprint"] = self.data_fingerprint
        # It affects only the memory, so it may change.
        ours.pop("tasks_per_chunk", None)
        # Its effect is compared above.
        ours.pop("lr_until", None)
        if config.steps > saved_config.steps:
            ours.pop("steps")
        for key, value in ours.items():
            if saved.get(key) != value:
                raise _cannot_resume(
                    path,
                    key,
                    (shown(saved.get(key)), value),
                    "Use the same recipe and data, or choose another folder with --out",
                )

    def _check_own_code(self, path: Path, card: Card) -> None:
        """Raise BaselineError if the user's code changed, since this is one run."""
        saved = card.own_code
        current = self.own_code
        for key in changed_sources(saved, current):
            name = getattr(self.config, key)
            expected = shown(saved.get(key))[:12]
            got = current.get(key, "none")[:12]
            raise _cannot_resume(
                path,
                f"the file of the {key} {name}",
                (f"sha256 {expected}", got),
                "Restore the file, or choose another folder with --out",
            )

    def _check_cosine(self, path: Path, saved: TrainConfig) -> None:
        """Raise BaselineError if the learning rates of the saved steps would change."""
        config = self.config
        if config.lr_schedule != "cosine" or saved.lr_schedule != "cosine":
            return
        if config.cosine_steps == saved.cosine_steps:
            return
        raise _cannot_resume(
            path,
            "the cosine of the learning rate",
            (f"its end at step {saved.cosine_steps}", f"step {config.cosine_steps}"),
            f"Type the same command with --set lr_until={saved.cosine_steps}",
        )


def _cannot_resume(
    path: Path,
    what: str,
    values: tuple[object, object],
    advice: str,
) -> BaselineError:
    """Return the error about a run that differs from the one in its folder.

    values: the value in the folder, and the one of now
    """
    expected, got = values
    return BaselineError(
        f"{path}: cannot resume: {what} differs: expected {expected} as in the run in this "
        f"folder, got {got}. {advice}"
    )
