"""Grids of a second: a few steps on glyphs, and a few episodes."""

from pathlib import Path

from fewbench.benchmark.cluster.grid_work import OpenGrid, open_grid
from fewbench.benchmark.cluster.outcome import Outcome
from fewbench.benchmark.cluster.place import Place
from fewbench.benchmark.cluster.schedule import run_flows
from fewbench.benchmark.cluster.summary import Summary
from fewbench.benchmark.cluster.task import Task
from fewbench.benchmark.cluster.worker import do_task
from fewbench_tests.cheap_tasks import InProcess

SETTINGS = """
[part.settings]
steps = 2
way = 5
validate_every = 1
val_episodes = 2
width = 4
backbone = "conv4-strided"
"""
SMALL = f"""\
episodes_per_task = 256
images_per_task = 512
[[part]]
recipes = ["protonet-glyphs"]
protocols = ["glyphs-5w1s", "glyphs-5w5s"]
episodes = 300
{SETTINGS}"""
BOTH = f"""\
episodes_per_task = 256
images_per_task = 512
[[part]]
recipes = ["protonet-glyphs", "maml-glyphs"]
protocols = ["glyphs-5w1s"]
episodes = 20
{SETTINGS}"""


class WorksHere(InProcess):
    """An executor that does the tasks themselves, in this process."""

    def do(self, task: Task) -> Outcome:
        return do_task(task, self.place)


def write_grid(folder: Path, text: str = SMALL) -> Path:
    """Write a GRID.toml, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "grid.toml"
    path.write_text(text)
    return path


def opened(folder: Path, root: Path, text: str = SMALL) -> OpenGrid:
    """A grid with its folder `work`, with nothing done yet."""
    return open_grid(write_grid(folder, text), Place(folder / "work", root))


def done_here(grid: OpenGrid) -> Summary:
    """Do a whole grid in this process, or what is missing of it."""
    place = grid.plan.place
    summary = run_flows(grid.plan.flows(), WorksHere(place), place)
    assert list(summary.failure_lines()) == []
    return summary
