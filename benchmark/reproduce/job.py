"""One call of `fewbench reproduce`: the cell, the budget, and the training runs it needs."""

from dataclasses import dataclass, replace
from pathlib import Path

from ...baselines.checkpoints import load_checkpoint
from ...baselines.config import TrainConfig
from ...baselines.run_folder import BEST, saved_step
from ...reports.protocol import EvalProtocol
from ..protocols.catalogue import find_protocol
from .cells import Budget, Cell

# A rehearsal evaluates on this many episodes, whatever the paper's protocol says.
REHEARSAL_EPISODES = 100
# Snell et al. train again on train + val, for 200 epochs of 100 episodes more than the
# best epoch of the first training (jakesnell/prototypical-networks: engine.py, trainval.py).
STEPS_AFTER_BEST = 20_000


@dataclass(frozen=True)
class Training:
    """A training run of a job.

    folder: the folder of the run
    selection: the folder of an earlier run, whose best checkpoint decides how long this
        run trains; None if this run trains to the end of its recipe
    """

    config: TrainConfig
    folder: Path
    selection: Path | None = None

    @property
    def last_step(self) -> int:
        """The step after which the run ends.

        It is the last step of the recipe as long as the earlier run has no checkpoint.
        """
        if self.selection is None or not (self.selection / BEST).exists():
            return self.config.steps
        _, card = load_checkpoint(self.selection / BEST)
        return min(card.step + STEPS_AFTER_BEST, self.config.steps)

    @property
    def saved_step(self) -> int:
        """The step of the last checkpoint; 0 if there is none."""
        return saved_step(self.folder)


@dataclass(frozen=True)
class Job:
    """What `fewbench reproduce` is asked to do.

    budget: "full" for the recipe of the paper, "short" for a shorter recipe of ours,
        "rehearsal" to try every stage on glyphs
    n_seeds: the number of training runs; their seeds are 0, 1, ...
    out: the folder for the training runs and the results
    root: the folder with the built datasets; None for the default folder of `data_root`
    device: "auto", "cpu" or "cuda"
    """

    cell: Cell
    budget: Budget
    n_seeds: int
    out: Path
    root: Path | None = None
    device: str = "auto"

    @property
    def dataset(self) -> str:
        """The name of the dataset for training and evaluation."""
        return self.cell.config(self.budget, seed=0).dataset

    @property
    def protocol(self) -> EvalProtocol:
        """The paper's own protocol. A rehearsal has a small one of the same shape."""
        paper = find_protocol(self.cell.protocol)
        if self.budget != "rehearsal":
            return paper
        return find_protocol(
            f"{self.dataset}-5w1s",
            way=_unless(5, paper.n_way),
            shot=_unless(1, paper.n_shot),
            n_episodes=REHEARSAL_EPISODES,
        )

    @property
    def results(self) -> Path:
        """The folder for the results."""
        return self.out / "results"

    def trainings(self, seed: int) -> list[Training]:
        """Return the training runs of a seed, in order. The last one is evaluated."""
        config = self.cell.config(self.budget, seed)
        folder = self.out / f"seed-{seed}"
        if self.budget != "full" or not self.cell.retrain:
            return [Training(config, folder)]
        selection = Training(config, folder / "selection")
        again = replace(
            config,
            train_splits=self.cell.retrain,
            steps=config.steps + STEPS_AFTER_BEST,
        )
        return [selection, Training(again, folder / "final", selection.folder)]

    def all_trainings(self) -> list[Training]:
        """Return the training runs of all seeds."""
        trainings: list[Training] = []
        for seed in range(self.n_seeds):
            trainings += self.trainings(seed)
        return trainings


def _unless(default: int, number: int) -> int | None:
    """Return None for the default, so that the protocol keeps its name."""
    return None if number == default else number
