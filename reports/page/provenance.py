"""Collect the facts about one result that the HTML page of a report shows."""

from dataclasses import asdict

from ..data_standing import data_note
from ..records import RunResult
from ..remarks import remarks
from ..stats.diagnostics import calibration_error
from ..tables.cells import Cell

Facts = dict[str, object]


def provenance(cell: Cell) -> dict[str, Facts]:
    """Return the facts about the result in a table cell: heading -> name -> value."""
    result = cell.result
    return {
        "Result": _result_facts(cell),
        "Protocol": asdict(result.protocol),
        "Fingerprints": {
            "data": result.data_fingerprint,
            "reference build": _reference(result),
            "episodes": result.episodes_fingerprint,
            "checkpoint sha256": result.checkpoint_sha256 or "none",
        },
        "Origin": _origin_facts(result),
        "Recipe": _sorted(result.recipe) or {"training": "none"},
        "Environment": _sorted(result.environment),
    }


def _result_facts(cell: Cell) -> Facts:
    result = cell.result
    facts: Facts = {
        "accuracy": _accuracy(cell),
        "interval": _limits(cell),
        "calibration error": _calibration_error(result),
        "learner": result.learner,
        "backbone": result.backbone or "none",
        "train_seed": result.train_seed,
        "transductive": result.transductive,
        "partial data": result.partial,
        "precision": result.precision,
        "device": result.device,
        "created (UTC)": result.created_utc,
    }
    for stage, seconds in sorted(result.seconds.items()):
        facts[f"{stage} (s)"] = f"{seconds:.2f}"
    return facts


def _origin_facts(result: RunResult) -> Facts:
    """Return what is known about the pixels, the weights and the training data."""
    known = {
        "pixels": result.pixels,
        "trained on": result.trained_on,
        "pretraining": result.pretraining,
        "weights": result.weights,
        "checks": result.checks,
    }
    facts: Facts = {
        "images embedded": result.embedded or "none",
        "images prepared": _preparation(result),
        "same scores twice": _or_unknown(result.deterministic),
    }
    for i, remark in enumerate(remarks(result), start=1):
        facts[f"remark {i}"] = remark
    for heading, record in known.items():
        if record is None:
            facts[heading] = "unknown"
            continue
        for name, value in asdict(record).items():
            facts[f"{heading}: {name}"] = _or_unknown(value)
    return facts


def _preparation(result: RunResult) -> str:
    if result.preparation is None:
        return "no: as they are stored"
    chosen = []
    for name, value in asdict(result.preparation).items():
        if value is not None:
            chosen.append(f"{name} {value}")
    return ", ".join(chosen)


def _reference(result: RunResult) -> str:
    """Say whether the images are those of the reference build."""
    if result.data_standing is None:
        return "not compared"
    return data_note(result) or "the same images"


def _or_unknown(value: object) -> object:
    return "unknown" if value is None else value


def _accuracy(cell: Cell) -> str:
    accuracy = f"{cell.value} % "
    interval = cell.interval
    if interval is None:
        return accuracy
    level = f"{100 * interval.level:g} %"
    n = f"n = {interval.n:,}"
    return f"{accuracy}({level}, {interval.kind}, {n})"


def _limits(cell: Cell) -> str:
    interval = cell.interval
    if interval is None:
        return "none"
    low = 100 * interval.low
    high = 100 * interval.high
    return f"{low:.2f} to {high:.2f} %"


def _calibration_error(result: RunResult) -> str:
    error = calibration_error(result)
    if error is None:
        return "scores are no probabilities"
    return f"{100 * error:.2f} %"


def _sorted(facts: dict) -> Facts:
    return dict(sorted(facts.items()))
