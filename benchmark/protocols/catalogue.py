"""Find a protocol by name.

A published protocol is never edited. A changed protocol gets a new name.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from fewbench.documents import explain

from ...datasets import BUILDERS
from ...datasets.info import DataError, DatasetInfo
from ...datasets.lookup import pick
from ...reports.protocol import EvalProtocol
from .papers import LEGACY

# A disjoint protocol has this number of episodes if it uses all episodes that the split
# allows. No split is large enough for this many disjoint episodes.
ALL_EPISODES = 2**31
_LONGEST_NAME = 80
# The end of the name of an evaluation that stops early; see `StopRule`.
_UNTIL = re.compile(r"-until-[0-9.]+pct$")
# Changes that follow from the sampling, so a name need not say them.
_UNSAID = {"disjoint": ("interval", "n_episodes"), "listed": ("interval",)}
MOST_EPISODES = 10**6  # a limit, because all episodes are in memory at once


def own_protocols(infos: Iterable[DatasetInfo]) -> dict[str, EvalProtocol]:
    """Return fewbench's own protocols on these datasets, by name.

    A variant of a dataset, which is resized with another filter, has no protocols of its
    own.
    """
    protocols = {}
    for info in infos:
        if info.variant_of:
            continue
        for n_way, n_shot in info.protocols.shapes:
            if _fits(info, n_way, n_shot):
                protocol = _own_protocol(info, n_way, n_shot)
                protocols[protocol.name] = protocol
    return protocols


def _fits(info: DatasetInfo, n_way: int, n_shot: int) -> bool:
    """Tell whether the test split has enough classes, and enough images of a class."""
    counts = info.splits.get("test")
    if counts is None:
        return False
    n_needed = n_shot + info.protocols.n_query
    has_images = counts.n_images >= n_needed * counts.n_classes
    return counts.n_classes >= n_way and has_images


def _own_protocol(info: DatasetInfo, n_way: int, n_shot: int) -> EvalProtocol:
    defaults = info.protocols
    return EvalProtocol(
        name=f"{info.name}-{n_way}w{n_shot}s",
        dataset=info.name,
        split="test",
        n_way=n_way,
        n_shot=n_shot,
        n_query=defaults.n_query,
        n_episodes=defaults.n_episodes,
        seed=0,
        rotations=defaults.rotations,
    )


# The protocols of fewbench itself.
OWN: dict[str, EvalProtocol] = own_protocols(BUILDERS.values())
# All protocols: those of fewbench, and those that follow papers.
PROTOCOLS: dict[str, EvalProtocol] = OWN | {
    name: preset.protocol for name, preset in LEGACY.items()
}


def check_episodes(n_episodes: int | None) -> None:
    """Raise DataError if a number of episodes is too large for a result.

    n_episodes: the number; None is always accepted
    """
    if n_episodes and n_episodes > MOST_EPISODES:
        raise DataError(
            f"--episodes: expected at most {MOST_EPISODES:,}, got {n_episodes:,}. "
            f"Type --episodes {MOST_EPISODES}, which is enough for a ± of 0.1 points"
        )


# Field of a protocol -> the option of `fewbench evaluate` that changes it.
_OPTIONS = {
    "n_way": "--way",
    "n_shot": "--shot",
    "n_query": "--query",
    "n_episodes": "--episodes",
}


def find_protocol(
    name: str,
    *,
    dataset: str | None = None,
    split: str | None = None,
    way: int | None = None,
    shot: int | None = None,
    query: int | None = None,
    seed: int | None = None,
    n_episodes: int | None = None,
    disjoint: bool = False,
) -> EvalProtocol:
    """Return the protocol of this name, changed by the other arguments.

    Each change adds a suffix to the name of the protocol. None means no change.

    dataset: the dataset to use instead of the protocol's
    way: the number of classes in an episode
    shot, query: the number of images for each class
    seed: the seed that draws the episodes
    n_episodes: the number of episodes; they are the first episodes of the protocol
    disjoint: whether to use episodes that share no image. There are then as many episodes
        as the split allows, unless `n_episodes` is set.
    Raises DataError if the protocol or the dataset is unknown, or if a value is out of
    range. The error for an unknown name suggests similar names.
    """
    protocol = pick("protocol", name, PROTOCOLS, see="fewbench protocol list")
    check_episodes(n_episodes)
    if dataset:
        pick("dataset", dataset, BUILDERS, see="fewbench data list")
    changes = {
        "dataset": dataset,
        "split": split,
        "n_way": way,
        "n_shot": shot,
        "n_query": query,
        "seed": seed,
        "n_episodes": n_episodes,
    }
    wanted: dict[str, Any] = {}
    if disjoint:
        wanted = {
            "sampling": "disjoint",
            "interval": "open",
            "n_episodes": ALL_EPISODES,
        }
    for field, value in changes.items():
        if value is not None:
            wanted[field] = value
    try:
        return named_by_changes(replace(protocol, **wanted))
    except ValidationError as error:
        reason = explain(error)
        for field, option in _OPTIONS.items():
            reason = reason.replace(f"{field}:", f"{option}:")
        raise DataError(
            f"{name}: cannot be varied like this: {reason}. Choose another value, or see "
            f"the protocol: fewbench protocol show {name}"
        ) from None


def named_by_changes(protocol: EvalProtocol) -> EvalProtocol:
    """Give a protocol a name that shows what differs from the catalogue.

    A name that does not start with a name from the catalogue is not changed.
    """
    base = _base_of(protocol.name)
    if base is None:
        return protocol
    words = "".join(_words_of_changes(protocol, base).values())
    return replace(protocol, name=extended_name(base.name, words))


def name_of_settings(protocol: EvalProtocol) -> str | None:
    """Return the name that the settings of a protocol require.

    This is the protocol's own name if that name states every difference from the
    catalogue, in any order, and nothing else. Return None if the catalogue does not know
    the name, or if the name may have been shortened.
    """
    base = _base_of(protocol.name)
    if base is None or len(protocol.name) == _LONGEST_NAME:
        return None
    rest = protocol.name.removeprefix(base.name)
    may_be_unsaid = set(_UNSAID.get(protocol.sampling, ()))
    stopped = _UNTIL.search(rest)
    if stopped and protocol.interval == "anytime":
        rest = rest.removesuffix(stopped[0])
        may_be_unsaid |= {"n_episodes", "interval"}
    words = _words_of_changes(protocol, base)
    for field in sorted(words, key=lambda field: -len(words[field])):
        word = words[field]
        if word not in rest and field not in may_be_unsaid:
            return named_by_changes(protocol).name
        rest = rest.replace(word, "", 1)
    return named_by_changes(protocol).name if rest else protocol.name


def with_fitting_name(protocol: EvalProtocol) -> EvalProtocol:
    """Return a protocol, renamed if its name does not fit its settings."""
    required = name_of_settings(protocol) or protocol.name
    return replace(protocol, name=required)


def base_name(protocol: EvalProtocol) -> str | None:
    """Return the name of the catalogue that a protocol's name starts with, if any."""
    base = _base_of(protocol.name)
    return base.name if base else None


def extended_name(name: str, suffix: str) -> str:
    """Add a suffix to a protocol's name. A name that is too long is cut before the suffix."""
    room = _LONGEST_NAME - len(suffix)
    return name[:room] + suffix


def _words_of_changes(protocol: EvalProtocol, base: EvalProtocol) -> dict[str, str]:
    """Return the word in the name for each field in which two protocols differ."""
    words = {}
    for field, word in _CHANGES.items():
        value = getattr(protocol, field)
        if value != getattr(base, field):
            words[field] = word(value)
    return words


def _base_of(name: str) -> EvalProtocol | None:
    """Return the catalogue's protocol whose name is the start of this name, or None."""
    while name:
        if name in PROTOCOLS:
            return PROTOCOLS[name]
        name, _, _ = name.rpartition("-")
    return None


def _if_set(word: str) -> Callable[[bool], str]:
    return lambda is_set: f"-{word}" if is_set else f"-no-{word}"


def _steps_word(steps: int | None) -> str:
    if steps is None:
        return "-steps-as-trained"
    return f"-{steps}steps"


def _episodes_word(n_episodes: int) -> str:
    if n_episodes == ALL_EPISODES:
        return ""
    return f"-{n_episodes}ep"


def _interval_word(interval: str) -> str:
    # The word "disjoint" in the name already implies this interval.
    if interval == "open":
        return ""
    return f"-{interval}"


# The words in the name for a changed field, in this order.
_CHANGES: dict[str, Callable[[Any], str]] = {
    "dataset": "-on-{}".format,
    "split": "-{}".format,
    "n_way": "-{}way".format,
    "n_shot": "-{}shot".format,
    "n_query": "-{}query".format,
    "seed": "-seed{}".format,
    "rotations": _if_set("rotations"),
    "task_rotations": _if_set("task-rotations"),
    "transductive": _if_set("transductive"),
    "adaptation_steps": _steps_word,
    "sampling": "-{}".format,
    "interval": _interval_word,
    "n_episodes": _episodes_word,
}
