"""100,000 ranges of episodes are scheduled in bounded memory. About a minute."""

import tracemalloc
from pathlib import Path

from fewbench.benchmark.cluster.place import Place
from fewbench.benchmark.cluster.schedule import run_flows
from fewbench_tests.cheap_tasks import CountedTasks, Forgetful

N_TASKS = 100_000


def test_100_000_tasks_need_little_memory(tmp_path: Path) -> None:
    place = Place(tmp_path / "work")
    tasks = CountedTasks(N_TASKS)
    executor = Forgetful(place, slots=4)
    tracemalloc.start()
    try:
        summary = run_flows([iter([tasks])], executor, place)
        most_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert summary.done == {"answers": N_TASKS}
    assert tasks.most_alive <= 4 * 4 + 3
    # All tasks together would take more than 100 MB.
    assert most_bytes < 10_000_000
