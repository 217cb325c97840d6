import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from fewbench.baselines.checkpoints import load_checkpoint, save_checkpoint
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.run_folder import (
    BEST,
    LAST,
    LOG,
    TABLE,
    RunFacts,
    RunFolder,
    TrainState,
    saved_step,
)

FACTS = RunFacts(
    config=load_recipe("maml-glyphs"),
    image_shape=(28, 28, 1),
    data_fingerprint=["a", "b"],
    device="cpu",
)
ENTRY = {"step": 4.0, "seconds": 1.5, "loss": 0.1, "val_seconds": 0.0}
STATE = TrainState(step=4, seconds=1.5, best_accuracy=0.5, history=[ENTRY])
TENSORS = {"0.weight": torch.ones(2)}


def saved(path: Path) -> RunFolder:
    folder = RunFolder(path, FACTS)
    folder.prepare(resume=False)
    folder.save(LAST, TENSORS, STATE)
    return folder


def test_a_state_comes_back(tmp_path: Path) -> None:
    folder = saved(tmp_path / "run")
    folder.prepare(resume=True)
    tensors, state = folder.load()
    assert state == STATE
    assert torch.equal(tensors["0.weight"], TENSORS["0.weight"])


def test_the_log_has_the_keys_that_reports_read(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    folder.write_log(STATE)
    text = (tmp_path / LOG).read_text(encoding="utf-8")
    log = json.loads(text)
    assert text == json.dumps(log, indent=2, sort_keys=True) + "\n"
    assert set(log) == {
        "best_accuracy",
        "config",
        "data_fingerprint",
        "device",
        "history",
        "image_shape",
        "seconds",
        "step",
    }
    assert log["image_shape"] == [28, 28, 1]
    assert log["history"] == [ENTRY]


def test_losses_since_the_last_validation_come_back(tmp_path: Path) -> None:
    losses = [torch.tensor(0.5), torch.tensor(0.25)]
    folder = RunFolder(tmp_path, FACTS)
    folder.save(LAST, TENSORS, replace(STATE, losses=losses))
    assert folder.load()[1].losses == losses


@pytest.mark.parametrize("losses", [torch.tensor(0.5), torch.ones(2, dtype=torch.int)])
def test_losses_that_are_no_list_of_numbers_are_refused(
    tmp_path: Path, losses: torch.Tensor
) -> None:
    saved(tmp_path)
    tensors, card = load_checkpoint(tmp_path / LAST)
    damaged = {**tensors, "progress/losses": losses}
    save_checkpoint(tmp_path / LAST, damaged, vars(card))
    with pytest.raises(BaselineError, match="damaged checkpoint: progress/losses"):
        RunFolder(tmp_path, FACTS).load()


def test_the_step_of_a_run_is_that_of_its_last_checkpoint(tmp_path: Path) -> None:
    assert saved_step(tmp_path) == 0
    saved(tmp_path)
    assert saved_step(tmp_path) == 4


def with_settings(**changes: object) -> RunFacts:
    """The facts of the same run with another recipe."""
    return replace(FACTS, config=replace(FACTS.config, **changes))


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


def test_a_used_folder_is_refused_unless_its_run_is_resumed(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    assert folder.has_run
    with pytest.raises(BaselineError, match="holds another run.*--resume.*--out"):
        folder.prepare(resume=False)


@pytest.mark.parametrize("name", [BEST, LOG, TABLE])
@pytest.mark.parametrize("resume", [False, True])
def test_a_file_that_somebody_kept_is_not_overwritten(
    tmp_path: Path, name: str, resume: bool
) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(BaselineError, match=f"{name}: would be overwritten"):
        RunFolder(tmp_path, with_settings()).prepare(resume)


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
