"""Check what a result's document says beside its protocol and its arrays."""

from ...datasets.info import DataError
from ...reports.records import RunResult
from ...reports.result_document import ResultFile, accuracy_texts
from ..protocols.rebuild import rebuild_episodes
from .checks import Check, failed, not_possible, passed

_INTERVAL = "the interval in words"
_EMBEDDED = "the embedded images"
_SEGMENTS = "the ranges of episodes"


def check_document(saved: ResultFile, result: RunResult) -> list[Check]:
    """Check a document that was read, and whose arrays fit it.

    saved: the document that the result comes from
    """
    seal = "the hashes of the document and the arrays"
    content = not_possible("the hash of the content", "results of schema 1 have none")
    if saved.content_sha256 is not None:
        content = passed("the hash of the content", saved.content_sha256)
    predictions = f"{result.predictions.size:,} labels, {100 * result.mean:.2f} % right"
    return [
        passed(seal, "nothing was changed by hand"),
        content,
        passed("the predictions", predictions),
        _check_calibration(result),
        _check_interval(saved.accuracy, result),
        _check_embedded(result),
        _check_segments(result),
        not_possible(
            "the circumstances",
            "nothing tells whether the times, the device, the versions and the command "
            "are true",
        ),
    ]


def _check_calibration(result: RunResult) -> Check:
    what = "the calibration table"
    if result.calibration is None:
        return not_possible(what, "the scores are not probabilities")
    return passed(what, "its sums are those of the predictions")


def _check_interval(saved: dict[str, str], result: RunResult) -> Check:
    found = saved.get("interval")
    expected = accuracy_texts(result).get("interval")
    if found is None:
        return not_possible(_INTERVAL, "the document has none")
    if found == expected:
        return passed(_INTERVAL, found)
    reason = f"this version computes {expected}, the document says {found}"
    return not_possible(_INTERVAL, f"{reason}. Its formula may have been another one")


def _check_embedded(result: RunResult) -> Check:
    """Check whether all images of the split had to be embedded.

    They are if the episodes use at least half of them.
    """
    if result.embedded is None:
        return not_possible(_EMBEDDED, "the result does not say which were embedded")
    if result.protocol.interval == "anytime":
        reason = "an evaluation that stops early chooses before it knows its episodes"
        return not_possible(_EMBEDDED, reason)
    try:
        rebuilt = rebuild_episodes(result)
    except DataError as error:
        return not_possible(_EMBEDDED, str(error))
    expected = "split" if 2 * rebuilt.n_used >= rebuilt.n_images else "episodes"
    used = f"the episodes use {rebuilt.n_used:,} of {rebuilt.n_images:,} images"
    if result.embedded != expected:
        return failed(_EMBEDDED, f"{expected}, because {used}", result.embedded)
    return passed(_EMBEDDED, f"{expected}: {used}")


def _check_segments(result: RunResult) -> Check:
    """Check that ranges answered by several processes join to all episodes."""
    if not result.segments:
        return not_possible(_SEGMENTS, "one process answered all episodes")
    end = 0
    for segment in sorted(result.segments, key=lambda one: one.start):
        if segment.start != end:
            return failed(
                _SEGMENTS, f"a range from episode {end} on", str(segment.start)
            )
        end = segment.end
    n_episodes = result.protocol.n_episodes
    if end != n_episodes:
        return failed(_SEGMENTS, f"ranges up to episode {n_episodes}", str(end))
    return passed(_SEGMENTS, f"{len(result.segments)} ranges join to all episodes")
