"""Compare our results with published numbers.

A comparison gives the difference and says whether the number is reproduced.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal, NamedTuple

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from .differs_in import differences
from .names import without_size
from .networks import same_network
from .protocol import Count
from .records import RunResult
from .stats.available import available_interval
from .stats.equivalence import Equivalence, reproduced
from .stats.intervals import Interval

# One percentage point: two careful reproductions of one method differ by about as much.
MARGIN = 0.01
Percent = Annotated[float, Field(ge=0, le=100)]
Rotations = Literal["none", "classes", "tasks"]
LeftOut = Literal["recalled", "source not found", "withdrawn", ""]
_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class PublishedNumber:
    """An accuracy that somebody published, in percent as printed.

    A field is None if the source does not state its value.

    learner: the name of our learner for this method, or "" if there is none
    reference: whether reproductions are measured against the number. It is from the
        method's own paper or, where that has none, from the paper that others cite.
    network: the name that our backbone for this network has, such as "conv4-64"; see
        `same_network`
    rotations: "classes" if rotated test images are classes of their own, "tasks" if
        each class in an episode is rotated at random, "none" if nothing is rotated
    half_width: the number that the source prints after its ±
    half_width_is: the meaning of `half_width`: "episodes" for an interval over
        episodes; "seeds", "groups" or "splits" for a spread over training seeds, groups
        of episodes or label splits
    split: the name of the class split in the source
    our_split: the name of the class split in our dataset
    pixels: how the authors made their images, in words; "" if that is not known
    resampling, spectrum, jpeg: the filter that resized these images, "smooth" or
        "aliased" for what it leaves, and how they were then saved as JPEG; "" for what
        is not known or was not done
    left_out: why tables and plots leave the number out; "" if they show it. "recalled"
        means that it was written down from memory, "withdrawn" that its authors took it
        back.
    """

    id: str
    learner: str = ""
    method: str
    variant: str
    reference: bool
    dataset: str
    split: str
    rotations: Rotations | None = None
    way: Count
    shot: Count
    query: Count | None = None
    n_episodes: Count | None = None
    accuracy: Percent
    half_width: Percent | None = None
    half_width_is: (
        Literal["episodes", "seeds", "groups", "splits", "unstated"] | None
    ) = None
    transductive: bool | None = None
    backbone: str
    source: str
    url: str
    network: str = ""
    left_out: LeftOut = ""
    notes: str = ""
    our_split: str = ""
    pixels: str = ""
    resampling: str = ""
    spectrum: str = ""
    jpeg: str = ""

    @property
    def error(self) -> float | None:
        """The published half-width as a fraction.

        It is None unless the half-width belongs to an interval over episodes.
        """
        if not self.half_width or self.half_width_is != "episodes":
            return None
        return self.half_width / 100

    @property
    def named_source(self) -> str:
        """The paper's name, or the URL if the source is an issue, which has no name."""
        if self.source.startswith("GitHub issue"):
            return self.url.removeprefix("https://")
        return self.source


class Beside(NamedTuple):
    """One of our results, paired with a published number.

    Both have the same method, network, dataset, way and shot.

    differs_in: sentences about the other settings in which the two differ
    equivalence: None if our result has no interval
    """

    result: RunResult
    published: PublishedNumber
    interval: Interval | None
    equivalence: Equivalence | None
    differs_in: tuple[str, ...]

    @property
    def difference(self) -> float:
        """Our accuracy minus the published accuracy, as a fraction."""
        return self.result.mean - self.published.accuracy / 100

    @property
    def verdict(self) -> str:
        """ "reproduced", "not reproduced" or "undecided".

        It is "undecided" if our result has no interval.
        """
        if self.equivalence is None:
            return "undecided"
        return self.equivalence.verdict


def pairs_beside(
    results: Iterable[RunResult],
    published: Sequence[PublishedNumber],
    margin: float = MARGIN,
) -> list[Beside]:
    """Pair each result with every published number it can be compared with.

    Reference numbers come first. Numbers with a reason in `left_out` do not count.

    margin: the largest difference, as a fraction, that still counts as reproduced
    """
    known: dict[tuple, list[PublishedNumber]] = defaultdict(list)
    for theirs in sorted(published, key=lambda one: (not one.reference, one.id)):
        if theirs.left_out:
            continue
        key = (theirs.learner, theirs.dataset, theirs.way, theirs.shot)
        known[key].append(theirs)
    pairs: list[Beside] = []
    for result in results:
        others = _others(known, result)
        if not others or result.protocol.split != "test":
            continue
        interval = available_interval(result)
        for theirs in others:
            if same_network(theirs.network, result.backbone):
                pairs.append(_beside(result, interval, theirs, margin))
    return pairs


def method_of(result: RunResult) -> str:
    """Return the method that a result was made with.

    It is the learner in the training recipe. The learner of the result may have another
    name, for example because another backend ran it or because a user renamed it.
    """
    return str(result.recipe.get("learner") or result.learner)


def _others(
    known: Mapping[tuple, list[PublishedNumber]],
    result: RunResult,
) -> list[PublishedNumber]:
    """Return the published numbers that a result can be compared with.

    A variant, `<dataset>-<filter>` or `<dataset>@<size>`, is compared with the numbers
    for the dataset itself.
    """
    protocol = result.protocol
    dataset = without_size(protocol.dataset)
    while dataset:
        key = (method_of(result), dataset, protocol.n_way, protocol.n_shot)
        if key in known:
            return known[key]
        dataset, _, _ = dataset.rpartition("-")
    return []


def _beside(
    result: RunResult,
    interval: Interval | None,
    theirs: PublishedNumber,
    margin: float,
) -> Beside:
    equivalence = None
    if interval is not None:
        number = theirs.accuracy / 100
        equivalence = reproduced(
            result,
            number,
            margin,
            published_half_width=theirs.error,
        )
    return Beside(
        result=result,
        published=theirs,
        interval=interval,
        equivalence=equivalence,
        differs_in=differences(result, theirs),
    )
