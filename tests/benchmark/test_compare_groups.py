from pathlib import Path

from fewbench.benchmark.compare_groups import Saved, group_by_protocol, pair_folders
from fewbench_tests.made_results import build_result


def saved(folder: str, learner: str, seed: int = 0, protocol: str = "p") -> Saved:
    result = build_result(0.9, 1, learner=learner, train_seed=seed, name=protocol)
    return Saved(Path(folder) / f"{result.file_stem}.json", result)


def test_results_of_two_folders_are_paired_by_protocol_learner_and_seed() -> None:
    new = [saved("new", "maml", 1), saved("new", "maml"), saved("new", "a")]
    old = [saved("old", "maml"), saved("old", "maml", 1), saved("old", "b")]
    found = pair_folders(new, old)
    assert found.groups == [[new[1], old[0]], [new[0], old[1]]]
    assert found.alone == [new[2], old[2]]


def test_another_seed_is_a_partner_if_there_is_only_one() -> None:
    new = [saved("new", "maml", 7), saved("new", "anil", 7), saved("new", "anil", 8)]
    old = [saved("old", "maml", 1), saved("old", "anil", 1)]
    found = pair_folders(new, old)
    assert found.groups == [[new[0], old[0]]]
    assert found.alone == [new[1], new[2], old[1]]


def test_another_protocol_is_no_partner() -> None:
    new = [saved("new", "maml", protocol="p")]
    old = [saved("old", "maml", protocol="q")]
    assert pair_folders(new, old).groups == []


def test_files_are_grouped_by_protocol() -> None:
    first = saved("r", "a", protocol="p")
    lone = saved("r", "a", protocol="q")
    second = saved("r", "b", protocol="p")
    found = group_by_protocol([first, lone, second])
    assert (found.groups, found.alone) == ([[first, second]], [lone])
    nothing_alike = group_by_protocol([first, lone])
    assert nothing_alike.groups == [[first, lone]]
