"""The conditions under which a machine makes the same bytes."""

from dataclasses import replace

import pytest

from fewbench.benchmark.cluster.conditions import Conditions, OtherConditions

BEGAN = Conditions("0.1", "2.6", "2.0", "EPYC", "AVX2", threads=1)


def test_this_machine_has_conditions_that_fit_themselves() -> None:
    here = Conditions.here(threads=2)
    here.check(here, "work")
    assert (here.threads, here.device) == (2, "cpu")
    assert Conditions(**here.document()) == here  # pyright: ignore[reportArgumentType]


def test_every_difference_is_named_with_what_to_do() -> None:
    here = replace(BEGAN, torch="2.7", instruction_set="AVX512")
    with pytest.raises(OtherConditions) as caught:
        BEGAN.check(here, "work")
    said = str(caught.value)
    assert said.startswith("work: this machine would make other bytes: ")
    assert "torch 2.7 instead of 2.6; instruction set AVX512 instead of AVX2" in said
    assert "--mixed" in said


def test_a_machine_has_a_name() -> None:
    assert BEGAN.machine == "EPYC (AVX2, cpu)"
