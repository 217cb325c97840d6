"""What was found when a learner was asked again."""

from dataclasses import dataclass

from .embed_again import EmbeddedAgain
from .probe import Probe
from .stored_learner import AskedBefore


@dataclass(frozen=True)
class Findings:
    """What was found when a learner was asked again.

    probes: the probes of episodes, at least one; none if only the features of the learner
        are left
    order: whether the answers do not depend on the order of the episodes and images
    state: whether the first episodes got the same answers at the end; None if that cannot
        be told
    embedded: the features of some images, embedded again; None for a learner that embeds
        no image
    asked_before: what was found when features were stored; None if the learner itself was
        asked
    """

    probes: tuple[Probe, ...]
    order: bool
    state: bool | None
    embedded: EmbeddedAgain | None = None
    asked_before: AskedBefore | None = None

    @property
    def transductive(self) -> bool:
        """Whether the scores of a query image depend on the other query images."""
        return any(one.transductive for one in self.probes)

    @property
    def deterministic(self) -> bool | None:
        """Whether the same episode gets the same scores twice; None if unknown."""
        if self.asked_before is not None:
            return self.asked_before.determinism
        if self.embedded is not None and not self.embedded.repeatable:
            return False
        return all(one.deterministic for one in self.probes)

    @property
    def distinct(self) -> bool | None:
        """Whether images have different features; None if unknown or without features."""
        if self.asked_before is not None:
            return self.asked_before.distinct
        return None if self.embedded is None else self.embedded.distinct

    @property
    def worst(self) -> Probe:
        """The first probe that found a dependence, or else the first that found chance."""
        return min(
            self.probes, key=lambda one: (not one.transductive, one.deterministic)
        )

    @property
    def verdict(self) -> str:
        """The verdict of the worst probe; see `Probe.verdict`."""
        return self.worst.verdict
