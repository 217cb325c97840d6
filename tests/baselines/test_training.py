import contextlib
import json
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from fewbench.baselines import save_times
from fewbench.baselines.catalogue import load_learner
from fewbench.baselines.checkpoints import load_checkpoint, save_checkpoint
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.run_folder import BEST, LAST, LOG
from fewbench.baselines.training import TrainBudget, Trainer, TrainViews
from fewbench.datasets.info import DataError
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView
from fewbench.progress import Progress
from fewbench.signals import Interrupted
from fewbench_tests.bars import SPLIT_CLASSES
from fewbench_tests.fork_server import start_server
from fewbench_tests.trainings import config_for_bars as config
from fewbench_tests.trainings import start_training, train_60_steps, train_400_steps
from fewbench_tests.trainings import views_of as views

CPU = TrainBudget(device="cpu")
RESUME = TrainBudget(device="cpu", resume=True)


def tensors_of(folder: Path) -> dict[str, torch.Tensor]:
    return load_checkpoint(folder / LAST)[0]


def gradient_of(trainer: Trainer) -> torch.Tensor:
    """The gradients of all parameters, joined to one vector."""
    pieces = []
    for parameter in trainer.updater.parameters.values():
        assert parameter.grad is not None
        pieces.append(parameter.grad.flatten())
    return torch.cat(pieces)


def log_of(folder: Path) -> dict:
    """The log without its durations."""
    log = json.loads((folder / LOG).read_text())
    for entry in [log, *log["history"]]:
        del entry["seconds"]
        entry.pop("val_seconds", None)
    return log


def assert_same_bits(a: Path, b: Path) -> None:
    """The last and the best checkpoint, and the log, are the same."""
    for name in (LAST, BEST):
        ours, theirs = load_checkpoint(a / name)[0], load_checkpoint(b / name)[0]
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    assert log_of(a) == log_of(b)


def test_training_learns_selects_the_best_and_keeps_a_log(
    bars: dict[str, SplitStore], tmp_path: Path
) -> None:
    reports: list[tuple[str, int, int, str]] = []

    def progress(stage: str, done: int, total: int, remark: str = "") -> None:
        reports.append((stage, done, total, remark))

    path = Trainer(config("steps=40"), views(bars), tmp_path, CPU).run(progress)

    log = json.loads((tmp_path / LOG).read_text())
    assert path == tmp_path / BEST
    assert [entry["step"] for entry in log["history"]] == list(range(4, 41, 4))
    assert log["history"][-1]["loss"] < log["history"][0]["loss"] / 2
    assert log["best_accuracy"] == max(
        entry["val_accuracy"] for entry in log["history"]
    )
    assert [report[:3] for report in reports] == [
        ("train", i, 40) for i in range(1, 41)
    ]
    last_accuracy = log["history"][-1]["val_accuracy"]
    assert [report[3] for report in reports[:3]] == ["", "", ""]
    last_loss = log["history"][-1]["loss"]
    assert reports[-1][3] == f"loss {last_loss:.3f}, val {100 * last_accuracy:.2f} %"
    learner = load_learner(str(tmp_path), torch.device("cpu"))
    trained_steps = learner.card.recipe["trained_steps"]
    assert isinstance(trained_steps, int)
    assert trained_steps <= 40
    assert learner.card.backbone == "conv4-16"


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_two_halves_are_one_whole_bit_by_bit(
    bars: dict[str, SplitStore], tmp_path: Path, precision: str
) -> None:
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    brief = config("steps=8", "width=8", f"precision={precision}")
    Trainer(brief, views(bars), whole, CPU).run()

    first = Trainer(brief, views(bars), halves, CPU)
    with pytest.raises(KeyboardInterrupt):
        first.run(interrupt_at(6))
    assert load_checkpoint(halves / LAST)[1].step == 6
    Trainer(brief, views(bars), halves, RESUME).run()

    assert_same_bits(whole, halves)
    assert load_checkpoint(halves / LAST)[1].config["precision"] == precision


def interrupt_at(step: int) -> Progress:
    """A callback that ends the run after a step, as Ctrl-C does."""

    def progress(stage: str, done: int, total: int, remark: str = "") -> None:
        if done == step:
            raise KeyboardInterrupt

    return progress


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_the_run_where_it_stands(
    bars: dict[str, SplitStore], tmp_path: Path, number: int
) -> None:
    """Also within the four steps between two validations, whose mean loss is logged."""
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    brief = config("steps=8", "width=8")
    Trainer(brief, views(bars), whole, CPU).run()

    def send(stage: str, done: int, total: int, remark: str = "") -> None:
        if done == 5:
            signal.raise_signal(number)

    before = signal.getsignal(number)
    with pytest.raises(Interrupted, match=f"step 6 of 8 is saved in {halves}") as info:
        Trainer(brief, views(bars), halves, CPU).run(send)
    assert info.value.exit_code == 128 + number
    assert signal.getsignal(number) is before
    assert len(tensors_of(halves)["progress/losses"]) == 2
    Trainer(brief, views(bars), halves, RESUME).run()

    assert_same_bits(whole, halves)


def test_a_signal_before_the_first_step_saves_nothing(
    bars: dict[str, SplitStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Trainer(config("steps=8"), views(bars), tmp_path, CPU)

    def stopped(batch: object, step: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(trainer.updater, "update", stopped)
    with pytest.raises(Interrupted, match="nothing is saved yet"):
        trainer.run()
    assert not any(tmp_path.iterdir())


def test_a_validation_that_is_interrupted_is_repeated(
    bars: dict[str, SplitStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    brief = config("steps=8", "width=8")
    Trainer(brief, views(bars), whole, CPU).run()

    trainer = Trainer(brief, views(bars), halves, CPU)
    embed = trainer.learner.embed

    def embed_and_send(images: object) -> object:
        signal.raise_signal(signal.SIGTERM)
        return embed(images)

    monkeypatch.setattr(trainer.learner, "embed", embed_and_send)
    with pytest.raises(Interrupted, match="step 4 of 8 is saved"):
        trainer.run()
    assert len(tensors_of(halves)["progress/losses"]) == 4
    assert not (halves / BEST).exists()
    Trainer(brief, views(bars), halves, RESUME).run()

    assert_same_bits(whole, halves)


def test_a_run_is_saved_between_validations_but_not_when_it_diverges(
    bars: dict[str, SplitStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(save_times, "SECONDS_BETWEEN_SAVES", 0.0)
    monkeypatch.setattr(save_times, "_LARGEST_SHARE", 1e6)
    trainer = Trainer(config("steps=100"), views(bars), tmp_path, CPU)
    saved = []

    def poison(stage: str, done: int, total: int, remark: str = "") -> None:
        saved.append(load_checkpoint(tmp_path / LAST)[1].step)
        if done == 6:
            with torch.no_grad():
                next(trainer.learner.network.parameters()).fill_(float("nan"))

    with pytest.raises(BaselineError, match="diverged before step 8"):
        trainer.run(poison)
    assert saved == [1, 2, 3, 4, 5, 6, 6]
    assert len(tensors_of(tmp_path)["progress/losses"]) == 2


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="SIGKILL: not on Windows")
@pytest.mark.usefixtures("one_thread")
def test_a_run_that_is_stopped_at_random_moments_ends_with_the_same_bits(
    bars: dict[str, SplitStore], tmp_path: Path
) -> None:
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    root = bars["train"].path.parent
    start_server()  # it takes far longer than a training
    started = time.perf_counter()
    process = start_training(train_60_steps, root, whole)
    process.join()
    seconds = time.perf_counter() - started
    assert process.exitcode == 0

    chance = random.Random(1)
    for number in [signal.SIGKILL, signal.SIGINT, signal.SIGTERM]:
        process = start_training(train_60_steps, root, stopped)
        time.sleep(chance.uniform(0.1, 0.5) * seconds)
        assert process.pid is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)
        process.join()
        # A signal may also come before the training starts or after it ends.
        assert process.exitcode in (0, -number, 128 + number)
    process = start_training(train_60_steps, root, stopped)
    process.join()

    assert process.exitcode == 0
    assert_same_bits(whole, stopped)


def test_a_finished_run_goes_on_to_more_steps(
    bars: dict[str, SplitStore], tmp_path: Path
) -> None:
    whole, longer = tmp_path / "whole", tmp_path / "longer"
    Trainer(config("steps=12", "width=8"), views(bars), whole, CPU).run()
    Trainer(config("steps=8", "width=8"), views(bars), longer, CPU).run()
    Trainer(config("steps=12", "width=8"), views(bars), longer, RESUME).run()
    assert_same_bits(whole, longer)


def test_a_finished_cosine_goes_on_at_its_lowest_rate(
    bars: dict[str, SplitStore], tmp_path: Path
) -> None:
    whole, longer = tmp_path / "whole", tmp_path / "longer"
    cosine = ["width=8", "lr_schedule=cosine", "lr_min=1e-4"]
    until_8 = config("steps=12", "lr_until=8", *cosine)
    Trainer(until_8, views(bars), whole, CPU).run()
    Trainer(config("steps=8", *cosine), views(bars), longer, CPU).run()
    with pytest.raises(BaselineError, match="--set lr_until=8$"):
        Trainer(config("steps=12", *cosine), views(bars), longer, RESUME)
    Trainer(until_8, views(bars), longer, RESUME).run()
    assert_same_bits(whole, longer)
    assert log_of(longer)["config"]["lr_until"] == 8


@pytest.fixture
def one_thread() -> Iterator[None]:
    """As in the process of a training: the number of threads changes the last bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
def test_a_killed_run_resumes_to_the_same_bits(
    bars: dict[str, SplitStore], tmp_path: Path
) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = start_training(train_400_steps, bars["train"].path.parent, killed)
    while not (killed / LAST).exists() and process.is_alive():
        time.sleep(0.01)
    process.kill()
    process.join()

    reached = load_checkpoint(killed / LAST)[1].step
    assert 0 < reached < 390
    for folder in (killed, whole):
        trainer = Trainer(config("steps=400"), views(bars), folder, RESUME)
        with pytest.raises(KeyboardInterrupt):
            trainer.run(interrupt_at(reached + 9))
    assert_same_bits(killed, whole)


def test_a_time_budget_stops_and_can_be_extended(
    bars: dict[str, SplitStore], tmp_path: Path
) -> None:
    budget = TrainBudget(minutes=1 / 60, device="cpu")
    trainer = Trainer(config("steps=100000"), views(bars), tmp_path, budget)
    started = time.perf_counter()
    trainer.run()
    assert 0.5 < time.perf_counter() - started < 10
    first = trainer.state.step
    assert 0 < first < 100000

    longer = TrainBudget(minutes=2 / 60, device="cpu", resume=True)
    trainer = Trainer(config("steps=100000"), views(bars), tmp_path, longer)
    assert trainer.state.step == first
    totals: set[int] = set()

    def progress(stage: str, done: int, total: int, remark: str = "") -> None:
        assert 0 <= done < 10
        totals.add(total)

    trainer.run(progress)
    assert trainer.state.step > first
    assert totals == {2}  # seconds, not steps


def test_without_validation_the_last_checkpoint_is_the_result(
    bars: dict[str, SplitStore], tmp_path: Path
) -> None:
    everything = TrainViews(ImageView([bars["train"], bars["val"]]), None)
    assert everything.train.n_classes == SPLIT_CLASSES["train"] + SPLIT_CLASSES["val"]
    trainer = Trainer(
        config("steps=8", "train_splits=train+val"), everything, tmp_path, CPU
    )
    assert trainer.run() == tmp_path / LAST
    assert "val_accuracy" not in trainer.state.history[0]
    assert not (tmp_path / BEST).exists()
    assert load_learner(str(tmp_path), torch.device("cpu")).card.name == "protonet"


def test_a_folder_that_holds_another_run_is_left_alone(
    bars: dict[str, SplitStore], tmp_path: Path
) -> None:
    Trainer(config("steps=4"), views(bars), tmp_path, CPU).run()
    before = (tmp_path / LAST).read_bytes()
    with pytest.raises(BaselineError, match="holds another run.*--resume"):
        Trainer(config("steps=4"), views(bars), tmp_path, CPU)
    with pytest.raises(
        BaselineError, match="cannot resume: lr differs: expected 0.001.*got 0.5"
    ):
        Trainer(config("steps=4", "lr=0.5"), views(bars), tmp_path, RESUME)
    other = TrainViews(ImageView([bars["test"]]), ImageView([bars["val"]]))
    with pytest.raises(BaselineError, match="cannot resume: data_fingerprint differs"):
        Trainer(config("steps=4"), other, tmp_path, RESUME)
    assert (tmp_path / LAST).read_bytes() == before


def test_divergence_stops_with_a_sentence_and_the_last_good_checkpoint(
    bars: dict[str, SplitStore], tmp_path: Path
) -> None:
    trainer = Trainer(config("steps=100"), views(bars), tmp_path, CPU)

    def poison(stage: str, done: int, total: int, remark: str = "") -> None:
        if done == 9:
            with torch.no_grad():
                next(trainer.learner.network.parameters()).fill_(float("nan"))

    with pytest.raises(
        BaselineError, match="before step 12: the mean loss .* is nan.*--set lr="
    ):
        trainer.run(poison)
    assert all(tensor.isfinite().all() for tensor in tensors_of(tmp_path).values())
    assert load_checkpoint(tmp_path / LAST)[1].step == 8


def test_a_loss_that_explodes_stops_the_run_and_keeps_the_last_good_checkpoint(
    bars: dict[str, SplitStore], tmp_path: Path
) -> None:
    trainer = Trainer(config("steps=100"), views(bars), tmp_path, CPU)

    def blow_up(stage: str, done: int, total: int, remark: str = "") -> None:
        if done == 9:
            with torch.no_grad():
                for parameter in trainer.learner.network.parameters():
                    parameter.mul_(1e4)

    with pytest.raises(
        BaselineError, match="diverged before.*expected at most.*clip_norm"
    ) as info:
        trainer.run(blow_up)
    assert f"before step {trainer.state.step}:" in str(info.value)
    log = load_checkpoint(tmp_path / LAST)[1]
    assert log.step == trainer.state.step - 4
    assert log.history[-1]["loss"] < 18
    best = load_learner(str(tmp_path), torch.device("cpu"))
    trained_steps = best.card.recipe["trained_steps"]
    assert isinstance(trained_steps, int)
    assert trained_steps <= log.step


@pytest.mark.parametrize(
    ("recipe", "settings", "message"),
    [
        (
            "maml-glyphs",
            ["inner_lr=1e6", "meta_batch_size=2"],
            "the mean loss of the last steps is .*, expected at most",
        ),
        (
            "maml-glyphs",
            ["lr=1e3", "meta_batch_size=2"],
            "the mean loss of the last steps is",
        ),
        (
            "maml-glyphs",
            ["test_inner_lr=1e38", "meta_batch_size=2"],
            "validation: episode 0: scores must be finite",
        ),
        ("protonet-glyphs", ["lr=1e3", "way=5"], "the mean loss of the last steps is"),
    ],
)
def test_a_run_that_goes_wrong_from_the_start_is_stopped(
    bars: dict[str, SplitStore],
    tmp_path: Path,
    recipe: str,
    settings: list[str],
    message: str,
) -> None:
    brief = [
        "dataset=bars",
        "width=8",
        "steps=40",
        "validate_every=20",
        "val_episodes=4",
    ]
    trainer = Trainer(
        load_recipe(recipe, [*brief, *settings]), views(bars), tmp_path, CPU
    )
    with pytest.raises(
        BaselineError, match=f"training diverged before step 20: {message}"
    ):
        trainer.run()
    assert not (tmp_path / LAST).exists()


def test_a_resumed_run_may_hold_fewer_tasks_and_come_from_an_older_card(
    bars: dict[str, SplitStore], tmp_path: Path
) -> None:
    brief = ["dataset=bars", "width=8", "steps=2", "validate_every=2", "val_episodes=4"]
    Trainer(load_recipe("maml-glyphs", brief), views(bars), tmp_path, CPU).run()
    tensors, read_card = load_checkpoint(tmp_path / LAST)
    card = dict(vars(read_card))
    del card["config"]["multi_step_loss_steps"]
    save_checkpoint(tmp_path / LAST, tensors, card)
    fewer = [*brief, "steps=1", "tasks_per_chunk=1"]
    with pytest.raises(BaselineError, match="steps differs"):
        Trainer(load_recipe("maml-glyphs", fewer), views(bars), tmp_path, RESUME)
    same = Trainer(
        load_recipe("maml-glyphs", [*brief, "tasks_per_chunk=1"]),
        views(bars),
        tmp_path,
        RESUME,
    )
    assert same.state.step == 2


@pytest.mark.parametrize(
    ("setting", "largest", "norm"),
    [("clip_value=1e-6", 1e-6, 1.0), ("clip_norm=1e-6", 1.0, 1e-6)],
)
def test_gradients_are_clipped(
    bars: dict[str, SplitStore],
    tmp_path: Path,
    setting: str,
    largest: float,
    norm: float,
) -> None:
    trainer = Trainer(config("steps=1", setting), views(bars), tmp_path, CPU)
    trainer.run()
    gradient = gradient_of(trainer)
    assert 0 < gradient.abs().max() <= largest * 1.001
    assert gradient.norm() <= norm * 1.001


def test_a_meta_batch_is_the_mean_of_its_tasks(
    bars: dict[str, SplitStore], tmp_path: Path
) -> None:
    """Two runs of one step see the tasks of one run with a meta-batch of two."""
    gradients = []
    for size in (1, 2):
        trainer = Trainer(
            config(f"meta_batch_size={size}"), views(bars), tmp_path / str(size), CPU
        )
        offsets = trainer.views.train.class_offsets
        batches = trainer.learner.batches(offsets, trainer.config, 0)
        tasks = [next(batches) for _ in range(2 // size)]
        for batch in tasks:
            trainer.learner.backward(
                trainer.updater.pixels.gather(batch.images),
                trainer.config.train_spec,
                0,
            )
        gradients.append(gradient_of(trainer) / len(tasks))
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-5, atol=1e-6)


def test_validation_that_cannot_work_is_refused_before_training(
    bars: dict[str, SplitStore], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="7-way episodes.*at least 7 classes, got 6"):
        Trainer(config("val_way=7"), views(bars), tmp_path / "run", CPU)
    assert not (tmp_path / "run").exists()
