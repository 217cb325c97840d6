"""Describe a reproduction as text and as JSON, for `fewbench reproduce`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fewbench.documents import counted, in_lines

from .console import duration_text
from .describe_cells import cell_remarks, published_text

if TYPE_CHECKING:
    from ...reports.reproduction import Reproduction
    from ...reports.stats.equivalence import Equivalence
    from ...reports.stats.intervals import Interval
    from ..reproduce.estimate import Estimate
    from ..reproduce.job import Job


def plan_lines(job: Job, estimate: Estimate) -> list[str]:
    """Return what a job will do, and how much time and memory it needs."""
    seeds = counted(job.n_seeds, "training seed")
    config = job.cell.config(job.budget, seed=0)
    at_most = "at most" if job.budget == "full" and job.cell.retrain else "about"
    return [
        f"{job.cell.id}: {job.budget} budget, {seeds}, recipe for {config.learner} on "
        f"{config.dataset}, {config.steps:,} steps",
        f"measured on this device: {estimate.cost.seconds_per_step:.3g} s a step, "
        f"{estimate.cost.seconds_per_validation:.3g} s a validation",
        f"still to do: {at_most} {duration_text(estimate.seconds)}, with about "
        f"{estimate.cost.peak_bytes / 1e9:.1f} GB of memory",
        *_equal_cells(job),
        *cell_remarks(job.cell),
    ]


def _equal_cells(job: Job) -> Iterator[str]:
    """Yield a sentence about the cells with the same training, if there are any."""
    from ..reproduce.take_over import equal_cells

    names = [cell.id for cell in equal_cells(job)]
    if names:
        yield (
            f"same training as {' and '.join(names)}: the cell that comes second takes it "
            f"over, if both folders are in {job.out.parent}"
        )


def reproduction_text(job: Job, made: Reproduction) -> str:
    """Return our accuracy beside the published one, and one sentence of verdict."""
    if job.budget == "rehearsal":
        return rehearsal_text(job, made)
    from ...reports.differs_in import differences
    from ...reports.pixels import pixel_remark
    from ...reports.tables.text import text_table

    points = 100 * made.difference
    rows = [
        ["published", published_text(made.published), made.published.source],
        ["ours", f"{100 * made.mean:.2f} %", ours_text(made)],
        ["difference", f"{points:+.2f} points", tolerance_text(job)],
    ]
    if made.reruns_mean is not None:
        names = "; ".join(rerun.named_source for rerun in made.reruns)
        rows.append(["reruns by others", f"{100 * made.reruns_mean:.2f} %", names])
    table = text_table([job.cell.id, "", ""], rows)
    lines: list[str] = []
    for one in differences(made.results[0], made.published):
        lines.append(f"differs in: {one}")
    about_pixels = pixel_remark(made.results[0], made.published)
    if about_pixels:
        lines.append(about_pixels)
    lines += cell_remarks(job.cell)
    lines.append(verdict_sentence(job, made))
    return f"{table}\n{in_lines(lines)}"


def rehearsal_text(job: Job, made: Reproduction) -> str:
    """Return the outcome of a rehearsal, which is never set beside the number."""
    protocol = made.results[0].protocol.name
    return (
        f"rehearsal of {job.cell.id}: training and evaluation work. {100 * made.mean:.2f} % on "
        f"{protocol} says nothing about the paper. To reproduce its number, type: "
        f"fewbench reproduce {job.cell.id}"
    )


def verdict_sentence(job: Job, made: Reproduction) -> str:
    """Return the verdict of a full budget, or the distance of a short one, as a sentence."""
    ours = f"{100 * made.mean:.2f} %"
    distance = f"{100 * made.difference:+.2f} points from the published number"
    rerun = ""
    if made.as_every_rerun:
        rerun = ", as every public rerun"
    if job.budget == "short":
        return (
            f"no verdict: {ours} of the short recipe {job.cell.short} is {distance}. For "
            f"a verdict, type --budget full"
        )
    if len(made.results) == 1:
        ours += " of one training seed"
    tolerance = f"the tolerance of {job.cell.tolerance:g} points"
    reasons = {
        "reproduced": f"the whole interval lies within {tolerance}",
        "not reproduced": f"the whole interval lies outside {tolerance}",
        "undecided": undecided_reason(made, tolerance),
    }
    return f"{made.verdict}{rerun}: {ours} is {distance}; {reasons[made.verdict]}"


def undecided_reason(made: Reproduction, tolerance: str) -> str:
    """Return why the verdict is "undecided", and what would decide it."""
    if made.by_episodes.verdict == "undecided":
        return (
            f"the interval over episodes, {points_text(made.by_episodes)}, crosses "
            f"{tolerance}. It counts the paper's own ± too"
        )
    return (
        f"the interval over {len(made.results)} training seeds crosses {tolerance}. More "
        f"seeds make it narrower: --seeds {len(made.results) + 2}"
    )


def points_text(test: Equivalence) -> str:
    """Return the interval of the difference from the published number, in points."""
    return f"{100 * test.low:+.2f} to {100 * test.high:+.2f} points"


def reproduction_document(job: Job, made: Reproduction) -> dict[str, Any]:
    """Return the outcome of a job as JSON, with fractions."""
    from ...reports.differs_in import differences
    from ...reports.pixels import pixel_remark

    document = {
        "cell": job.cell.id,
        "budget": job.budget,
        "seeds": job.n_seeds,
        "results": str(job.results),
        "protocol": made.results[0].protocol.name,
        "mean": made.mean,
        "over_episodes": _limits(made.over_episodes),
        "over_seeds": _limits(made.over_seeds),
    }
    if job.budget == "rehearsal":
        return document
    document |= {
        "published": made.published.accuracy / 100,
        "difference": made.difference,
        "reruns_mean": made.reruns_mean,
        "differs_in": list(differences(made.results[0], made.published)),
        "pixels": pixel_remark(made.results[0], made.published),
        "remarks": cell_remarks(job.cell),
        "sentence": verdict_sentence(job, made),
    }
    if job.budget == "full":
        document |= {
            "tolerance": made.tolerance,
            "verdict": made.verdict,
            "as_every_rerun": made.as_every_rerun,
        }
    return document


def ours_text(made: Reproduction) -> str:
    """Return the intervals of our mean, over episodes and over seeds."""
    episodes = made.over_episodes
    text = f"± {100 * episodes.half_width:.2f} over {episodes.n:,} episodes"
    if made.over_seeds is None:
        return f"{text}; a single training seed, so another may differ by more"
    seeds = made.over_seeds
    return f"{text}; ± {100 * seeds.half_width:.2f} over {seeds.n} training seeds"


def tolerance_text(job: Job) -> str:
    """Return the tolerance of a cell with its reason; "" if there is no verdict."""
    if job.budget != "full":
        return ""
    return f"tolerance {job.cell.tolerance:g}: {job.cell.tolerance_reason}"


def _limits(interval: Interval | None) -> dict[str, Any] | None:
    if interval is None:
        return None
    names = ("low", "high", "level", "kind", "n")
    return {name: getattr(interval, name) for name in names}
