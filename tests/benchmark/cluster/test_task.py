"""The id of a task: all that decides its bytes, and nothing else."""

from dataclasses import replace

import pytest

from fewbench.benchmark.cluster.conditions import Conditions, OtherConditions
from fewbench.benchmark.cluster.task import Task

CONDITIONS = Conditions("0", "2", "2", "cpu", "AVX2", threads=1)
TASK = Task("training", {"seed": 0, "data": ["a"]}, CONDITIONS, "train")


def test_the_id_is_that_of_all_that_decides_the_bytes() -> None:
    others = [
        replace(TASK, kind="features"),
        replace(TASK, body={"seed": 1, "data": ["a"]}),
        replace(TASK, body={"seed": 0, "data": ["b"]}),
        replace(TASK, conditions=replace(CONDITIONS, threads=2)),
        replace(TASK, conditions=replace(CONDITIONS, instruction_set="AVX512")),
    ]
    ids = {task.id for task in others}
    assert len(ids) == len(others)
    assert TASK.id not in ids


def test_the_id_does_not_depend_on_titles_paths_or_the_order_of_keys() -> None:
    same = Task(
        "training",
        {"data": ["a"], "seed": 0},
        CONDITIONS,
        "another title",
        {"root": "/elsewhere"},
    )
    assert same.id == TASK.id
    assert len(TASK.id) == 64


def test_other_conditions_are_named() -> None:
    CONDITIONS.check(CONDITIONS, "work")
    here = replace(CONDITIONS, instruction_set="AVX512", threads=4)
    with pytest.raises(OtherConditions) as refused:
        CONDITIONS.check(here, "work")
    text = str(refused.value)
    assert text.startswith("work: this machine would make other bytes")
    assert "instruction set AVX512 instead of AVX2; threads 4 instead of 1" in text
    assert "--mixed" in text


def test_the_conditions_of_this_machine_are_its_own() -> None:
    here = Conditions.here(threads=3)
    assert here.threads == 3
    assert here.device in ("cpu", "cuda")
    assert Conditions.here(threads=3) == here
