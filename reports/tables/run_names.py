"""Make the names under which tables and plots show results."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from ..records import RunResult

# The longest names that fit beside a plot, in characters.
LEARNER_LIMIT = 24
BACKBONE_LIMIT = 18

Part = Callable[[RunResult], str]


def shortest_names(results: Iterable[RunResult]) -> dict[RunResult, str]:
    """Return a short name for each result, for tables.

    A name starts with the learner. Backbone, precision, changes of the images, training
    seed and checkpoint are added in this order until all names differ. Facts that are
    equal in all results are skipped.
    """
    distinct = list(dict.fromkeys(results))
    parts: list[Part] = [_learner]
    names = _joined(distinct, parts)
    for part in (_backbone, _precision, _image_changes, _seed, _checkpoint):
        different_names = set(names.values())
        if len(different_names) == len(distinct):
            break
        if _differ(distinct, part):
            parts.append(part)
            names = _joined(distinct, parts)
    return names


def plot_names(results: Iterable[RunResult]) -> dict[RunResult, str]:
    """Return a name for each result, for plots.

    A name consists of learner and backbone. Precision, changes of the images and training
    seed are added if they differ between the results. Equal names for the same protocol
    are numbered.
    """
    distinct = list(dict.fromkeys(results))
    parts: list[Part] = [_short_learner, _short_backbone]
    for part in (_precision, _short_changes, _seed):
        if _differ(distinct, part):
            parts.append(part)
    names = _joined(distinct, parts)
    seen: Counter[tuple[str, str]] = Counter()
    for result, name in names.items():
        alike = (name, result.protocol.name)
        seen[alike] += 1
        number = seen[alike]
        if number > 1:
            names[result] = f"{name} ({number})"
    return names


def shortened(text: str, limit: int) -> str:
    """Shorten a text to one line of at most `limit` characters.

    The middle is cut out, since names often differ only at the start or the end.
    """
    on_one_line = " ".join(text.split())
    text = "".join(filter(str.isprintable, on_one_line))
    if len(text) <= limit:
        return text
    half = limit // 2
    start = text[: half - 1]
    end = text[-half:]
    return f"{start}…{end}"


def _differ(results: Sequence[RunResult], part: Part) -> bool:
    return len(set(map(part, results))) > 1


def _joined(
    results: Sequence[RunResult],
    parts: Sequence[Part],
) -> dict[RunResult, str]:
    names = {}
    for result in results:
        texts = [part(result) for part in parts]
        names[result] = " ".join(filter(None, texts))
    return names


def _learner(result: RunResult) -> str:
    return result.learner


def _short_learner(result: RunResult) -> str:
    return shortened(result.learner, LEARNER_LIMIT)


def _backbone(result: RunResult) -> str:
    return result.backbone


def _short_backbone(result: RunResult) -> str:
    return shortened(result.backbone, BACKBONE_LIMIT)


def _precision(result: RunResult) -> str:
    return result.precision


def _image_changes(result: RunResult) -> str:
    return result.image_changes


def _short_changes(result: RunResult) -> str:
    return shortened(result.image_changes, BACKBONE_LIMIT)


def _seed(result: RunResult) -> str:
    return f"seed {result.train_seed}"


def _checkpoint(result: RunResult) -> str:
    digest = result.checkpoint_sha256 or ""
    return digest[:8]
