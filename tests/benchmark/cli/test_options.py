from fewbench.benchmark.cli.options import named_settings


def test_only_options_that_were_given_become_settings() -> None:
    given = named_settings(seed=0, backend=None, tasks_per_chunk="auto")
    assert given == ["seed=0", "tasks_per_chunk=auto"]
    assert named_settings(seed=None) == []
