"""A run is resumed with the same recipe and data alone."""

from dataclasses import replace
from pathlib import Path

import pytest

from fewbench.baselines.checkpoints import load_checkpoint, save_checkpoint
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.run_facts import RunFacts
from fewbench.baselines.run_folder import LAST, RunFolder
from fewbench_tests.saved_runs import FACTS, STATE, TENSORS, saved, with_settings


def test_more_steps_are_allowed_and_fewer_are_not(tmp_path: Path) -> None:
    steps = FACTS.config.steps
    saved(tmp_path)
    longer = with_settings(steps=steps + 1, lr_until=7)  # no cosine: no effect
    assert RunFolder(tmp_path, longer).load()[1].step == 4
    with pytest.raises(BaselineError, match=f"steps differs: expected {steps}"):
        RunFolder(tmp_path, with_settings(steps=steps - 1)).load()


def test_a_cosine_keeps_its_end(tmp_path: Path) -> None:
    steps = FACTS.config.steps
    cosine = with_settings(lr_schedule="cosine")
    folder = RunFolder(tmp_path, cosine)
    folder.save(LAST, TENSORS, STATE)
    longer = with_settings(lr_schedule="cosine", steps=2 * steps)
    advice = f"got step {2 * steps}. Type the same command with --set lr_until={steps}"
    with pytest.raises(BaselineError, match=advice):
        RunFolder(tmp_path, longer).load()
    kept = replace(longer, config=replace(longer.config, lr_until=steps))
    assert RunFolder(tmp_path, kept).load()[1].step == 4


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (
            replace(FACTS, config=replace(FACTS.config, lr=0.5)),
            "cannot resume: lr differs: expected 0.001.*got 0.5",
        ),
        (
            replace(FACTS, data_fingerprint=["a"]),
            r"data_fingerprint differs: expected \['a', 'b'\].*got \['a'\]",
        ),
    ],
)
def test_another_recipe_or_other_data_are_refused(
    tmp_path: Path, facts: RunFacts, message: str
) -> None:
    saved(tmp_path)
    with pytest.raises(BaselineError, match=message):
        RunFolder(tmp_path, facts).load()


def test_keys_of_memory_and_of_later_versions_do_not_matter(tmp_path: Path) -> None:
    facts = replace(FACTS, config=load_recipe("maml-glyphs"))
    folder = RunFolder(tmp_path, facts)
    folder.prepare(resume=False)
    folder.save(LAST, TENSORS, STATE)
    tensors, read_card = load_checkpoint(tmp_path / LAST)
    card = {**vars(read_card), "later": [1]}
    del card["config"]["multi_step_loss_steps"]
    save_checkpoint(tmp_path / LAST, tensors, card)
    own = replace(facts.config.own, tasks_per_chunk=1)
    other = replace(facts, config=replace(facts.config, own=own))
    assert RunFolder(tmp_path, other).load()[1].step == 4
