"""Which kinds of machine took part in some work."""

from pathlib import Path

from fewbench.benchmark.cluster.conditions import Conditions
from fewbench.benchmark.cluster.machines import note_machine, noted_machines


def test_each_kind_is_noted_once_and_damage_is_left_out(tmp_path: Path) -> None:
    one = Conditions("0", "2", "2", "one", "AVX2", threads=1)
    other = Conditions("0", "2", "2", "other", "AVX512", threads=1)
    assert noted_machines(tmp_path) == []
    for machine in (one, other, one):
        note_machine(tmp_path, machine)
    (tmp_path / "machines" / "damaged.json").write_text("{")
    found = noted_machines(tmp_path)
    assert sorted(found, key=lambda machine: machine.processor) == [one, other]
