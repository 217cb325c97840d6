"""What `fewbench grid` says at its end."""

from fewbench.benchmark.cli.describe_grid import (
    merge_text,
    next_command,
    run_text,
    status_text,
)

TASKS = {"training": {"total": 2, "done": 1}, "result": {"total": 2000, "done": 1000}}


def test_failures_come_before_what_to_type() -> None:
    done = {"training": 1, "features": 0, "answers": 0, "result": 1000}
    document = {"done": done, "seconds": 240, "failures": ["it broke"], "next": "go"}
    assert run_text(document).splitlines() == [
        "did 1 training, 1,000 results, in 4 min",
        "failed: it broke",
        "To try again what failed, type the same command",
    ]


def test_the_status_names_the_machines_where_they_differ() -> None:
    document = {"tasks": TASKS, "machines": ["a"], "failures": [], "fingerprint": "f"}
    alike = status_text(document).splitlines()
    assert alike == [
        "           done   to do",
        "trainings  1      1",
        "results    1,000  1,000",
        "fingerprint f",
    ]
    other = status_text(document | {"machines": ["a", "b"]})
    assert "done on machines of different kinds: a; b" in other


def test_a_folder_with_a_space_can_be_typed() -> None:
    command = next_command("my work", is_all=True)
    assert command == "fewbench report 'my work/results' --out report"
    document = {"folder": "my work", "tasks": TASKS, "missing": ["x"], "failures": []}
    assert merge_text(document).splitlines()[-1] == (
        "To make what is missing, type: fewbench grid run 'my work/grid.toml' --out 'my work'"
    )
    failed = document | {"missing": [], "failures": ["it broke"], "next": "go"}
    assert merge_text(failed).splitlines()[1:] == [
        "failed: it broke",
        "To make what is missing, type: fewbench grid run 'my work/grid.toml' --out 'my work'",
    ]
