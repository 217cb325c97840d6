"""The numbers by episode and by class are those of the entry."""

import json

import numpy as np

from fewbench.reports.leaderboard.episode_data import as_script, episode_json
from fewbench_tests.made_boards import make_entry


def test_the_numbers_are_those_of_all_runs_together() -> None:
    correct = np.array([[15, 9], [12, 6]])
    entry = make_entry("Two", train_seeds=(3, 4), correct=correct)

    document = json.loads(episode_json(entry))

    assert document["correct"] == [27, 15]
    assert document["answers_per_episode"] == 30
    assert document["train_seeds"] == [3, 4]
    name, hits, queries = document["classes"][2]
    assert (name, hits, queries) == ("class 2", entry.hits[2], entry.queries[2])


def test_a_script_only_adds_the_same_numbers_to_a_list() -> None:
    data = episode_json(make_entry(id="</script>\u2028"))

    script = as_script(data)

    start = "(window.fewbench = window.fewbench || []).push("
    assert script.startswith(start)
    assert script.isascii()
    assert json.loads(script.removeprefix(start).removesuffix(");\n")) == json.loads(
        data
    )
