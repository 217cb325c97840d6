"""The sentences below a table: what its marks and its ± mean."""

from ..stats.intervals import Interval

TRANSDUCTIVE_NOTE = "† transductive: the queries of an episode were answered together"
PARTIAL_NOTE = (
    "‡ partial: built from incomplete data, so not comparable with full builds"
)
STANDING_NOTE = (
    "bold (in plain text: *): the best of its column; ≈: not significantly below it (paired t-test "
    "on the same episodes, Holm over the column, 5 %)"
)
REPEAT_NOTE = (
    "(2): another result with the same learner, backbone, precision and training seed; "
    "results.csv tells them apart"
)
ALONE_NOTE = "a number without ±: its episodes allow no interval of the protocol's kind"
LITTLE_SPREAD_NOTE = (
    "° little spread: all or all but a few of the values are alike, where the usual formula says "
    "about ± 0.00"
)
# What the ± of each kind is, and what it is silent about.
_CLOSED = (
    "conditional on these test classes and images: it says nothing about other classes or other "
    "training runs"
)
MEANINGS = {
    "episodes-t": f"Student's t over n episodes, {_CLOSED}",
    "legacy-z": f"1.96 std / √n over n episodes as in older papers, std with ddof 0, {_CLOSED}",
    "legacy-z-ddof1": f"1.96 std / √n over n episodes, std with ddof 1, {_CLOSED}",
    "legacy-z-n1": f"1.96 std / √(n + 1) over n episodes, {_CLOSED}",
    "little-spread": (
        "n values, all or all but a few of them alike: limits by betting in place of the usual "
        "formula, about the same, not symmetric"
    ),
    "anytime": f"over n episodes, whenever the evaluation stopped, not symmetric, {_CLOSED}",
    "open": (
        "Student's t over n disjoint episodes, no image used twice: it speaks of other images of "
        "these test classes, but not of other classes or other training runs"
    ),
    "open-bootstrap": (
        "the n test classes drawn again: it speaks of other classes, but not of other training runs"
    ),
    "train-seeds": (
        "Student's t over n training runs: it speaks of training with other seeds, on these same "
        "episodes"
    ),
}


def interval_note(interval: Interval) -> str:
    """What a ± means, in one sentence."""
    level, kind = f"{100 * interval.level:g} %", interval.kind
    uneven = kind in ("anytime", "little-spread", "open-bootstrap")
    size = "the larger distance to a limit" if uneven else "half the width"
    return f"± is {size} of a {level} interval ({kind}: {MEANINGS[kind]})"
