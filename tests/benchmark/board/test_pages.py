from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fewbench.benchmark.board.add import add_bundle, record
from fewbench.benchmark.board.folder import make_board
from fewbench.benchmark.board.pages import load_board
from fewbench.benchmark.submission.verdict import load_verdict, save_verdict
from fewbench_tests.boards import hash_of, made_board, made_bundle
from fewbench_tests.honest_results import build_honest


@pytest.fixture
def folder(tmp_path):
    return made_board(tmp_path, {"first": 0.9, "second": 0.8})


def test_the_numbers_are_those_of_the_predictions(tmp_path) -> None:
    folder = make_board(tmp_path / "board", "A board")
    add_bundle(folder, made_bundle(tmp_path, "first", 0.9, seeds=(0, 1)))
    (entry,) = load_board(folder).entries
    runs = [
        build_honest(
            0.9, rng_seed=hash_of("first") + seed, train_seed=seed, learner="first"
        )
        for seed in (0, 1)
    ]
    assert entry.train_seeds == (0, 1)
    assert np.array_equal(entry.correct, [run.correct for run in runs])
    assert entry.mean == pytest.approx(np.mean([run.mean for run in runs]))
    assert entry.hits.sum() == sum(run.correct.sum() for run in runs)
    assert entry.queries.sum() == sum(run.predictions.size for run in runs)
    for number in range(len(entry.class_names)):
        expected = sum(int(run.hits[run.classes == number].sum()) for run in runs)
        assert entry.hits[number] == expected


def test_entries_that_left_keep_their_numbers(folder, tmp_path) -> None:
    add_bundle(folder, made_bundle(tmp_path, "third", 0.95), replaces="first")
    record(folder, "withdrawn", "second", "its authors asked for it")
    record(folder, "re-trained", "third", "https://example.org/run")
    board = load_board(folder)
    found = {one.id: (one.standing, one.trust) for one in board.entries}
    assert found == {
        "first": ("replaced", "re-scored"),
        "second": ("withdrawn", "re-scored"),
        "third": ("current", "re-trained"),
    }
    assert [line.action for line in board.log][-2:] == ["withdrawn", "re-trained"]
    assert board.log[2].text == "replaces first."
    (protocol,) = board.protocols
    assert len(board.on(protocol)) == 3


def test_what_has_no_verdict_is_left_out_with_the_reason(folder) -> None:
    events = folder.log.read_text()
    for path in folder.verdicts.iterdir():
        if path.stem in events.splitlines()[0]:
            path.unlink()
    board = load_board(folder)
    assert [one.id for one in board.entries] == ["second"]
    assert "cannot read the verdict" in board.missing["first"]


def test_published_numbers_stand_beside_their_protocol(tmp_path) -> None:
    folder = make_board(tmp_path / "board", "A board")
    changes: dict[str, Any] = {
        "dataset": "miniimagenet", "name": "miniimagenet-5w1s",
        "data_fingerprint": "ab" * 32,
    }  # fmt: skip
    add_bundle(folder, made_bundle(tmp_path, "first", **changes))
    board = load_board(folder)
    (protocol,) = board.protocols
    reported = board.reported[protocol.name]
    assert len(reported) > 3
    assert {(one.dataset, one.way, one.shot) for one in reported} == {
        ("miniimagenet", 5, 1)
    }
    assert not any(one.left_out for one in reported)


def test_a_verdict_whose_numbers_do_not_fit_is_left_out(folder) -> None:
    path = next(folder.verdicts.iterdir())
    verdict = load_verdict(path)
    short = replace(verdict.results[0], correct="1 2 3")
    save_verdict(replace(verdict, results=[short]), folder.verdicts)
    (reason,) = load_board(folder).missing.values()
    assert "the verdict does not fit glyphs-5w1s-40ep" in reason
    save_verdict(replace(verdict, class_names={}), folder.verdicts)
    assert len(load_board(folder).missing) == 1
