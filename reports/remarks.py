"""Say in words why the number of a result cannot be relied on as it stands."""

from .below_chance import below_chance_note
from .records import RunResult

# Check that failed -> what was found; see `origin.Checks`.
_WORDS = {
    "order": (
        "its answers depend on the order of the images or episodes: asked again in a random "
        "order, it gave other answers"
    ),
    "state": (
        "an episode changes the learner: asked again at the end, the first episodes got other "
        "scores"
    ),
    "determinism": (
        "the same images got other scores at once when they were shown again, so chance or a "
        "counter decides, such as a dropout that stays on"
    ),
    "distinct": "all images have equal features, so the accuracy is that of guessing",
}


class ResultWarning(UserWarning):
    """A warning that a number cannot be relied on as it stands."""


def remarks(result: RunResult) -> list[str]:
    """Return a sentence for each failed check, and one for an accuracy below guessing."""
    sentences = []
    for check, words in _WORDS.items():
        if getattr(result.checks, check, None) is False:
            sentences.append(words)
    note = below_chance_note(result)
    if note is not None:
        sentences.append(note)
    return sentences


def is_unsteady(result: RunResult) -> bool:
    """Whether the learner of a result gave other answers when it was asked again."""
    checks = result.checks
    if checks is None:
        return result.deterministic is False
    return False in (checks.order, checks.state, checks.determinism)
