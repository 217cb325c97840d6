"""Group the results that were scored on the same episodes with the same images.

Only results in one group may share a column of a table.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

from .protocol import EvalProtocol
from .records import RunResult

# These fields do not change the episodes. They say how a learner is run or shown.
_NOT_EPISODES = {"name", "transductive", "adaptation_steps", "interval"}
_PROTOCOL_FIELDS = [field.name for field in fields(EvalProtocol)]
EPISODE_FIELDS = [name for name in _PROTOCOL_FIELDS if name not in _NOT_EPISODES]
_LISTED = 4  # the number of values that a sentence about a conflict shows
_LONGEST = 16  # the number of characters of each value that it shows

Names = dict[str, list["ResultGroup"]]


@dataclass(frozen=True, eq=False)
class ResultGroup:
    """Results that were scored on the same episodes with the same images.

    number: 0 if all results with this protocol name are in this group. Otherwise the
        groups with this protocol name are numbered 1, 2, ...
    left_out: number of results that a plot of this group leaves out
    """

    protocol: EvalProtocol
    data_fingerprint: str
    episodes_fingerprint: str
    number: int
    results: tuple[RunResult, ...]
    left_out: int = 0

    @property
    def label(self) -> str:
        """The name of the group in tables and plots."""
        if self.number:
            return f"{self.protocol.name} (group {self.number})"
        return self.protocol.name

    @property
    def file_name(self) -> str:
        """The name of the files about this group, without a suffix."""
        if self.number:
            return f"{self.protocol.name}__{self.number}"
        return self.protocol.name

    def most_accurate(self, limit: int) -> "ResultGroup":
        """Return the group with only its `limit` most accurate results, best first."""
        best = sorted(self.results, key=lambda result: -result.mean)[:limit]
        left_out = len(self.results) - len(best)
        return replace(self, results=tuple(best), left_out=left_out)

    def __str__(self) -> str:
        protocol = self.protocol
        name = f"{self.label}: {protocol.n_way}-way {protocol.n_shot}-shot"
        asked = f"{queries(protocol.n_query)} a class"
        episodes = "episodes"
        if protocol.n_episodes == 1:
            episodes = "episode"
        split = f"{protocol.dataset} {protocol.split} split"
        drawn = f"n = {protocol.n_episodes:,} {episodes} of the {split}"
        seed = f"seed {protocol.seed}"
        unusual = _unusual(protocol)
        return ", ".join([name, asked, drawn, seed, *unusual])


def queries(count: int) -> str:
    """Return "1 query", "15 queries" and so on."""
    if count == 1:
        return "1 query"
    return f"{count} queries"


def result_groups(results: Iterable[RunResult]) -> list[ResultGroup]:
    """Group the results that have the same protocol, images and episodes.

    The order of `results` does not matter. Groups are sorted by dataset, way, shot and
    protocol name. Results in a group are sorted by learner, backbone, precision and
    training seed.
    """
    names: dict[str, dict[tuple, list[RunResult]]] = defaultdict(dict)
    for result in sorted(results, key=_result_order):
        same_name = names[result.protocol.name]
        same_name.setdefault(_group_key(result), []).append(result)
    groups: list[ResultGroup] = []
    for same_name in names.values():
        groups += _numbered(same_name)
    return sorted(groups, key=_group_order)


def conflicts(groups: Sequence[ResultGroup]) -> dict[str, str]:
    """Find protocol names that belong to more than one group.

    Returns protocol name -> a sentence that says how the groups differ.
    """
    names: Names = defaultdict(list)
    for group in groups:
        names[group.protocol.name].append(group)
    found = {}
    for name, same in names.items():
        if len(same) > 1:
            found[name] = _conflict(same)
    return found


def _unusual(protocol: EvalProtocol) -> list[str]:
    """Return the settings in which a protocol differs from most protocols."""
    facts = []
    if protocol.rotations:
        facts.append("rotations as classes")
    if protocol.task_rotations:
        facts.append("each class of an episode rotated at random")
    if protocol.sampling != "independent":
        facts.append(f"{protocol.sampling} episodes")
    if protocol.adaptation_steps:
        facts.append(f"{protocol.adaptation_steps} adaptation steps")
    if protocol.transductive:
        facts.append("transductive learners allowed")
    return facts


def _numbered(same_name: dict[tuple, list[RunResult]]) -> list[ResultGroup]:
    """Return the groups with one protocol name.

    If there are several groups, they are numbered, and the largest has number 1.
    """
    largest_first = sorted(
        same_name.items(),
        key=lambda item: (-len(item[1]), repr(item[0])),
    )
    groups = []
    for position, (_, results) in enumerate(largest_first, start=1):
        group = ResultGroup(
            protocol=results[0].protocol,
            data_fingerprint=results[0].data_fingerprint,
            episodes_fingerprint=results[0].episodes_fingerprint,
            number=position if len(same_name) > 1 else 0,
            results=tuple(results),
        )
        groups.append(group)
    return groups


def _group_key(result: RunResult) -> tuple:
    values = vars(result.protocol).values()
    return (*values, result.data_fingerprint, result.episodes_fingerprint)


def _group_order(group: ResultGroup) -> tuple:
    protocol = group.protocol
    return (
        protocol.dataset,
        protocol.n_way,
        protocol.n_shot,
        protocol.name,
        group.number,
    )


def _result_order(result: RunResult) -> tuple:
    return (
        result.learner,
        result.backbone,
        result.precision,
        result.train_seed,
        # The fields below only order results that are equal in the fields above.
        result.checkpoint_sha256 or "",
        result.created_utc,
        result.correct.tobytes(),
    )


def _conflict(groups: list[ResultGroup]) -> str:
    differing = _differing(groups)
    shared = "a name but not their episodes"
    if not differing.keys() - _NOT_EPISODES:
        shared = "a name and episodes but not all other settings"
    sentences = []
    for name, values in differing.items():
        listed = _listed(values)
        sentences.append(f"{name} {listed}")
    what = "; ".join(sentences)
    return (
        f"{groups[0].protocol.name}: groups 1 to {len(groups)} share {shared}, so they "
        f"must not be read as one column: {what}"
    )


def _differing(groups: list[ResultGroup]) -> dict[str, list[str]]:
    """Return the fields in which groups differ: field -> value in each group."""
    columns: dict[str, list[str]] = {}
    for name in _PROTOCOL_FIELDS:
        columns[name] = [str(getattr(group.protocol, name)) for group in groups]
    for name in ("data_fingerprint", "episodes_fingerprint"):
        columns[name] = [getattr(group, name) for group in groups]
    differing = {}
    for name, values in columns.items():
        is_same = len(set(values)) == 1
        if not is_same:
            differing[name] = values
    return differing


def _listed(values: list[str]) -> str:
    shown = []
    for value in values[:_LISTED]:
        if len(value) > _LONGEST:
            value = f"{value[:_LONGEST]}…"
        shown.append(value)
    if len(values) > _LISTED:
        shown.append("…")
    return " | ".join(shown)
