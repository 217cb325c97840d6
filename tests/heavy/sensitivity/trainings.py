"""Train with each defect and several seeds, and evaluate each model on the same episodes."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from measured_units import Outcome
from training_defects import RECIPE, SETTINGS, TRAINING_DEFECTS

from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.training import TrainBudget, Trainer
from fewbench.benchmark.evaluate import evaluate
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.train import train_views
from fewbench.reports.result_files import save_result

EPISODES = 600
# The seeds of the reference runs, of the runs with a defect, and of unchanged runs.
REFERENCE_SEEDS = range(10)
DEFECT_SEEDS = range(100, 120)
UNCHANGED_SEEDS = range(1000, 1200)


def training_units() -> Iterator[tuple[str, str]]:
    """Yield the defect and the seed of each training."""
    for seed in REFERENCE_SEEDS:
        yield "none", str(seed)
    for seed in DEFECT_SEEDS:
        for defect in TRAINING_DEFECTS:
            if defect != "none":
                yield defect, str(seed)
    for seed in UNCHANGED_SEEDS:
        yield "none", str(seed)


@dataclass(frozen=True)
class Trainings:
    """Trainings with defects.

    out: the folder for the results
    root: the folder with the built datasets; None for the default folder
    settings: more changes of the recipe, for a quick trial
    """

    out: Path
    root: Path | None = None
    settings: tuple[str, ...] = ()
    episodes: int = EPISODES

    def run(self, defect: str, seed: str) -> Outcome:
        """Train with a defect, and evaluate the last weights."""
        started = time.process_time()
        chosen = TRAINING_DEFECTS[defect]
        settings = (*SETTINGS, *chosen.settings, *self.settings, f"seed={seed}")
        config = load_recipe(RECIPE, settings)
        protocol = replace(
            find_protocol("glyphs-5w1s"), split="val", n_episodes=self.episodes
        )
        views = train_views(config, self.root)
        with chosen.patched(), tempfile.TemporaryDirectory() as folder:
            budget = TrainBudget(device="cpu")
            trainer = Trainer(config, views, Path(folder) / "run", budget)
            trainer.run()
            result = evaluate(trainer.learner, protocol, root=self.root)
        saved = save_result(result, self.out / defect, overwrite=True)
        return {
            "accuracy": result.mean,
            "result": str(saved.relative_to(self.out)),
            "seconds": time.process_time() - started,
        }
