"""What `import fewbench` offers: each function loads what it needs when it is called."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from fewbench.datasets.store.split_store import SplitStore
    from fewbench.progress import Progress
    from fewbench.reports.protocol import EvalProtocol
    from fewbench.reports.records import RunResult
    from fewbench.reports.stats.comparisons import Comparison
    from fewbench.reports.stats.intervals import Interval


def evaluate(
    model: object,
    protocol: "str | EvalProtocol | Path",
    *,
    name: str | None = None,
    probabilities: bool = False,
    root: str | Path | None = None,
    progress: "bool | Progress" = True,
) -> "RunResult":
    """Score a model on the episodes of a protocol.

    model: a Learner; a `torch.nn.Module` that turns float32 images (n, C, H, W) in 0..1
        into features (n, d), which are compared as in ProtoNet; or a function
        (support_images, support_labels, query_images) -> scores, with images uint8
        (n, H, W, C) and scores (n_query_images, n_way)
    protocol: its name (see `protocols()`), an EvalProtocol, or the path of an episode file
    name: what tables call the model; by default the name of its class or function
    probabilities: whether the scores of a function are probabilities; the result then
        says how well they are calibrated
    root: the folder of the built datasets; by default $FEWBENCH_DATA, else the user's
        data folder
    progress: whether to show a progress bar, or a function to call instead
    Raises fewbench.errors.UserError, whose text says what to do.
    """
    from contextlib import nullcontext

    from fewbench.benchmark.cli.console import progress_bars
    from fewbench.benchmark.evaluate import evaluate as evaluate_model

    shown = nullcontext(None if isinstance(progress, bool) else progress)
    if progress is True:
        shown = progress_bars()
    with shown as report:
        return evaluate_model(
            model,
            protocol,
            name=name,
            root=None if root is None else Path(root),
            progress=report,
            probabilities=probabilities,
        )


def open_split(
    dataset: str, split: str, *, root: str | Path | None = None
) -> "SplitStore":
    """The images of one split of a built dataset, as a read-only memory map.

    Raises DataError when the dataset is unknown or not built, with the command that
    builds it.
    """
    from fewbench.datasets import BUILDERS
    from fewbench.datasets.lookup import pick
    from fewbench.datasets.root import data_root
    from fewbench.datasets.root import open_split as open_built_split

    info = pick("dataset", dataset, BUILDERS, see="fewbench data list")
    return open_built_split(info, data_root(root), split)


def save_result(result: "RunResult", folder: str | Path) -> Path:
    """Write a result into a folder, as two files; the path of its JSON document."""
    from fewbench.reports.result_files import save_result as save

    return save(result, Path(folder))


def load_results(*paths: str | Path) -> "list[RunResult]":
    """Read all results in these folders and files, sorted by file name.

    Raises ResultError for a folder without results, and for a damaged or edited one.
    """
    from fewbench.reports.result_files import load_results as load

    return load(Path(path) for path in paths)


def interval(result: "RunResult") -> "Interval":
    """The interval around a result's mean that its protocol asks for.

    Raises ResultError when its episodes do not allow one.
    """
    from fewbench.reports.stats.intervals import result_interval

    return result_interval(result)


def compare(a: "RunResult", b: "RunResult", *, level: float = 0.95) -> "Comparison":
    """Compare two results on the same episodes: a paired t-test and a paired bootstrap.

    level: of the intervals
    Raises ResultError when the two were not scored on the same episodes.
    """
    from fewbench.reports.stats.comparisons import compare as compare_pair

    return compare_pair(a, b, level)


def write_report(results: "Sequence[RunResult]", folder: str | Path) -> list[Path]:
    """Write tables, plots and one page about results into a folder; the files written.

    Published numbers stand beside the results they can be compared with.
    """
    from fewbench.benchmark.published_numbers import published_numbers
    from fewbench.reports.report import write_report as write

    return write(results, Path(folder), published=published_numbers())


def protocols() -> "pd.DataFrame":
    """Every protocol, a row each, under its name."""
    from dataclasses import asdict

    import pandas as pd

    from fewbench.benchmark.protocols.catalogue import PROTOCOLS

    rows = [asdict(protocol) for protocol in PROTOCOLS.values()]
    return pd.DataFrame(rows).set_index("name")


def published() -> "pd.DataFrame":
    """Every published number, a row each, under its id, with its source."""
    from dataclasses import asdict

    import pandas as pd

    from fewbench.benchmark.published_numbers import published_numbers

    rows = [asdict(number) for number in published_numbers()]
    return pd.DataFrame(rows).set_index("id")
