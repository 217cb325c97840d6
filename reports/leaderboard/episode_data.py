"""The numbers of an entry by episode and by class, from which a browser compares two."""

import json

from ..names import key_of
from .entries import Entry


def episode_json(entry: Entry) -> str:
    """Return the right answers of an entry by episode and by class, as JSON.

    It is ASCII without line breaks, so that the numbers of many entries stay small.
    """
    of_episodes = entry.correct.sum(axis=0)
    classes = []
    for name, hits, queries in zip(
        entry.class_names,
        entry.hits.tolist(),
        entry.queries.tolist(),
        strict=True,
    ):
        classes.append([name, hits, queries])
    document = {
        "format": "fewbench-leaderboard-episodes",
        "entry": entry.id,
        "key": key_of(entry.id),
        "protocol": entry.protocol.name,
        "protocol_sha256": entry.protocol.sha256,
        "train_seeds": entry.train_seeds,
        "answers_per_episode": entry.n_seeds * entry.protocol.queries_per_episode,
        "correct": of_episodes.tolist(),
        "classes": classes,
    }
    return json.dumps(document, sort_keys=True) + "\n"


def as_script(data: str) -> str:
    """Return JSON as a script, which a page that was opened from a disk can load."""
    return f"(window.fewbench = window.fewbench || []).push({data.rstrip()});\n"
