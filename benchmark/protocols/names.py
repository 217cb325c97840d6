"""Give a changed protocol a name that says what was changed."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ...reports.protocol import EvalProtocol
from .listing import PROTOCOLS, protocol_on_added

# A disjoint protocol has this number of episodes if it uses all episodes that the split
# allows. No split is large enough for this many disjoint episodes.
ALL_EPISODES = 2**31
_LONGEST_NAME = 80
# The end of the name of an evaluation that stops early; see `StopRule`.
_UNTIL = re.compile(r"-until-[0-9.]+pct$")
# Changes that follow from the sampling, so a name need not say them.
_UNSAID = {"disjoint": ("interval", "n_episodes"), "listed": ("interval",)}


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
    return base.name if base and base.name in PROTOCOLS else None


def extended_name(name: str, suffix: str) -> str:
    """Add a suffix to a protocol's name. A name that is too long is cut before the suffix.

    A suffix that is too long on its own, since it names long datasets, is cut at its end.
    """
    room = max(1, _LONGEST_NAME - len(suffix))
    together = name[:room] + suffix
    return together[:_LONGEST_NAME]


def _words_of_changes(protocol: EvalProtocol, base: EvalProtocol) -> dict[str, str]:
    """Return the word in the name for each field in which two protocols differ."""
    words = {}
    for field, word in _CHANGES.items():
        value = getattr(protocol, field)
        if value != getattr(base, field):
            words[field] = word(value)
    return words


def _base_of(name: str) -> EvalProtocol | None:
    """Return the protocol whose name is the start of this name, or None.

    It is one of the catalogue, or one on a dataset that a user added.
    """
    start = name
    while start:
        if start in PROTOCOLS:
            return PROTOCOLS[start]
        start, _, _ = start.rpartition("-")
    while name:
        on_added = protocol_on_added(name)
        if on_added is not None:
            return on_added
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
