from pathlib import Path

from fewbench_tests.guard_runs import run_guarded, write_tests

UNDECIDED = """
import pytest
from torch import nn


class Encoder(nn.Module):
    def forward(self, images):
        features = images.flatten(1)
        return features + HOW_MUCH * features.roll(1, 1)


@pytest.mark.accuracy(margin="0.01%")
def test_encoder(accuracy):
    accuracy(Encoder(), "glyphs-5w1s", episodes=20)
"""


def test_undecided_passes_though_warnings_are_errors(
    glyphs_root: Path, tmp_path: Path
) -> None:
    folder = write_tests(tmp_path, test_models=UNDECIDED.replace("HOW_MUCH", "0"))
    data = {"FEWBENCH_DATA": str(glyphs_root)}
    run_guarded(folder, "--accuracy-save", report=False, environment=data)
    write_tests(folder, test_models=UNDECIDED.replace("HOW_MUCH", "0.05"))

    ran = run_guarded(folder, "--accuracy-fail=significant", environment=data)
    strict = ("--accuracy-fail=significant", "--accuracy-strict")
    failed = run_guarded(folder, *strict, environment=data)

    for one in (ran, failed):
        assert one.check("test_encoder")["verdict"]["outcome"] == "undecided"
    assert ran.code == 0, ran.text
    assert "1 passed, 1 warning" in ran.text
    assert "AccuracyWarning: glyphs-5w1s-val-20ep: a drop of 0.01 points" in ran.text
    assert failed.code == 1
