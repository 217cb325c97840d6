from pathlib import Path

import numpy as np
import pytest
import torch

from fewbench.baselines.catalogue import load_learner, make_learner
from fewbench.baselines.evaluation.examiner import answer
from fewbench.baselines.evaluation.probe import probe
from fewbench.baselines.families import BACKENDS
from fewbench.baselines.gradient.activation_memory import bytes_of_image
from fewbench.baselines.gradient.maml import MAML
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.training import TrainBudget, Trainer, TrainViews
from fewbench.datasets.episodes import EpisodeBatch, EpisodeSpec, sample_episodes
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView

SPEC = EpisodeSpec(5, 1, 3)
SHAPE = (28, 28, 1)
CPU = torch.device("cpu")


def trained_weights(folder: Path) -> dict[str, torch.Tensor]:
    """The weights of the MAML learner that was trained in this folder."""
    learner = load_learner(str(folder), CPU)
    assert isinstance(learner, MAML)
    return learner.network.state_dict()


def maml(*settings: str, recipe: str = "maml-glyphs") -> MAML:
    return make_learner(load_recipe(recipe, ["width=8", *settings]), SHAPE, CPU)


@pytest.fixture(scope="session")
def view(bars: dict[str, SplitStore]) -> ImageView:
    return ImageView([bars["test"]], rotations=True)


@pytest.fixture(scope="session")
def episodes(view: ImageView) -> EpisodeBatch:
    return sample_episodes(view.class_offsets, SPEC, 3, 0, 40)


def test_batches_of_tasks_predict_what_a_plain_loop_predicts(
    view: ImageView, episodes: EpisodeBatch
) -> None:
    learner = maml("tasks_per_chunk=7")
    predictions = answer(learner, view, episodes, 3).predictions
    labels = np.repeat(np.arange(5), SPEC.n_shot)
    for e in range(len(episodes)):
        images = view.images(episodes.support[e].reshape(-1))
        scores = learner.predict(
            images, labels, view.images(episodes.query[e].reshape(-1))
        )
        np.testing.assert_array_equal(predictions[e], scores.argmax(axis=1))


@pytest.mark.parametrize(
    ("statistics", "transductive"),
    [("query", True), ("support", False), ("image", False)],
)
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_probe_finds_what_the_learner_declares(
    backend: str,
    statistics: str,
    transductive: bool,
    view: ImageView,
    episodes: EpisodeBatch,
) -> None:
    if backend != "native":
        pytest.importorskip(backend, reason=f"{backend} is not installed")
    learner = maml(f"statistics={statistics}", f"backend={backend}")
    support = view.images(episodes.support[0].reshape(-1))
    query = view.images(episodes.query[0].reshape(-1))
    found = probe(learner, support, np.arange(5), query)
    assert found.deterministic
    assert found.transductive == learner.transductive == transductive
    expected = "" if backend == "native" else f"-{backend}"
    expected += "" if transductive else f"-{statistics}-statistics"
    assert learner.card.name == f"maml{expected}"


def test_another_number_of_ways_gets_a_sentence(view: ImageView) -> None:
    learner = maml()
    others = sample_episodes(view.class_offsets, EpisodeSpec(6, 1, 3), 0, 0, 2)
    with pytest.raises(
        BaselineError, match="6-way episodes.*head for 5 classes.*--set way=6"
    ):
        answer(learner, view, others, 0)
    with pytest.raises(BaselineError, match="head for 5 classes"):
        learner.backward(
            torch.zeros(1, 24, 28, 28, 1, dtype=torch.uint8), EpisodeSpec(6, 1, 3), 0
        )


def gradient(learner: MAML, images: torch.Tensor, step: int = 0) -> torch.Tensor:
    learner.network.zero_grad(set_to_none=True)
    learner.backward(images, SPEC, step)
    grads = [p.grad for p in learner.network.parameters() if p.grad is not None]
    return torch.cat([grad.flatten() for grad in grads])


@pytest.fixture(scope="session")
def images(view: ImageView, episodes: EpisodeBatch) -> torch.Tensor:
    parts = [part[:6].reshape(6, -1) for part in (episodes.support, episodes.query)]
    indices = np.concatenate(parts, axis=1)
    found = torch.from_numpy(view.images(indices.reshape(-1)))
    return found.reshape(*indices.shape, *SHAPE)


def test_chunks_give_the_gradient_of_the_whole_meta_batch(images: torch.Tensor) -> None:
    gradients = {}
    for chunk in ("auto", "1", "4"):
        learner = maml(f"tasks_per_chunk={chunk}", "inner_steps=3")
        gradients[chunk] = gradient(learner, images)
    for chunk in ("1", "4"):
        error = (gradients[chunk] - gradients["auto"]).norm() / gradients["auto"].norm()
        assert error < 1e-5  # float32: the engines' test does the same in float64


def test_auto_holds_fewer_tasks_of_a_larger_network() -> None:
    """Bytes of one image on its way through, by hand for conv4 of width 8 at 28 px."""
    shape = (28, 28, 1)
    outputs = (
        sum(side**2 * 8 * (1 + 1) + (side // 2) ** 2 * 8 * 2 for side in (28, 14, 7, 3))
        + 8
    )
    columns = sum(side**2 * 9 * n for side, n in ((28, 1), (14, 8), (7, 8), (3, 8)))
    network = maml("backbone=conv4").network
    assert bytes_of_image(network, shape, graph=False) == 4 * (outputs + 5)
    assert bytes_of_image(network, shape, graph=True) == 4 * (outputs + 5 + columns)
    tasks = torch.zeros(1, 10, *shape)
    sizes = [
        maml(f"backbone={name}", "width=64").tasks_at_once(tasks, 10, training=True)
        for name in ("conv4-strided", "conv4", "resnet12")
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] >= 32 > sizes[2]


def test_the_mlp_cannot_normalise_an_image_alone() -> None:
    with pytest.raises(
        BaselineError, match="no spread to normalise by.*statistics=support"
    ):
        maml("backbone=mlp", "statistics=image")


@pytest.mark.parametrize(
    ("settings", "first"),
    [
        ([], 0),
        (["first_order_steps=7"], 7),
        (["inner_steps=2", "first_order_steps=3", "multi_step_loss_steps=6"], 6),
        (["backend=higher"], None),
    ],
)
def test_steps_repeat_when_nothing_changes_any_more(
    settings: list[str], first: int | None
) -> None:
    learner = maml(*settings)
    repeating = [step for step in range(10) if learner.repeats_from(step)]
    assert repeating == ([] if first is None else list(range(first, 10)))


def test_steps_of_a_network_of_the_user_do_not_repeat() -> None:
    assert not maml("backbone=fewbench_tests.own_backbones:adaptable").repeats_from(0)


def test_the_order_of_derivatives_is_annealed(images: torch.Tensor) -> None:
    annealed = maml("first_order_steps=10")
    first = gradient(maml(recipe="fomaml-glyphs"), images)
    second = gradient(maml(), images)
    assert torch.equal(gradient(annealed, images, step=9), first)
    assert torch.equal(gradient(annealed, images, step=10), second)
    assert not torch.equal(first, second)


def test_the_losses_of_all_steps_are_annealed_to_the_last_one() -> None:
    learner = maml("inner_steps=4", "multi_step_loss_steps=100")
    weights = {
        step: learner.inner_loop(step).weight_of_step for step in (0, 50, 100, 5000)
    }
    assert weights[0] == (0.25, 0.25, 0.25, 0.25)
    assert weights[50] == (0.125, 0.125, 0.125, 0.625)
    assert weights[100] == weights[5000] == (0, 0, 0, 1)


def test_anil_moves_the_head_and_maml_all_but_the_norms() -> None:
    assert maml(recipe="anil-glyphs").adapted == {"head.weight", "head.bias"}
    # The first layer of a block is its convolution, the second its norm.
    convolutions = {f"body.{block}.0.weight" for block in range(4)}
    assert maml().adapted == {"head.weight", "head.bias", *convolutions}


def test_evaluation_has_its_own_inner_loop() -> None:
    loop = maml("inner_lr=0.3", "test_inner_steps=7", "test_inner_lr=0.2").test_loop
    assert (loop.steps, loop.lr, loop.first_order) == (7, 0.2, False)
    assert maml("inner_lr=0.3").test_loop.lr == 0.3


@pytest.mark.parametrize(
    ("backend", "precision"),
    [*((backend, "fp32") for backend in BACKENDS), ("native", "bf16")],
)
def test_a_run_in_two_halves_is_the_whole_run_bit_by_bit(
    bars: dict[str, SplitStore], tmp_path: Path, backend: str, precision: str
) -> None:
    if backend != "native":
        pytest.importorskip(backend, reason=f"{backend} is not installed")
    settings = [
        "width=8",
        "dataset=bars",
        "steps=8",
        "validate_every=2",
        "val_episodes=3",
    ]
    settings += ["meta_batch_size=3", "clip_value=0.05", f"precision={precision}"]
    settings += [f"backend={backend}", "inner_steps=2", "first_order_steps=3"]
    settings += ["multi_step_loss_steps=6"]
    config = load_recipe("maml-glyphs", settings)
    views = TrainViews(ImageView([bars["train"]]), ImageView([bars["val"]]))
    Trainer(config, views, tmp_path / "whole", TrainBudget(device="cpu")).run()

    def stop(stage: str, done: int, total: int, remark: str = "") -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Trainer(config, views, tmp_path / "halves", TrainBudget(device="cpu")).run(stop)
    Trainer(
        config, views, tmp_path / "halves", TrainBudget(device="cpu", resume=True)
    ).run()
    a = trained_weights(tmp_path / "whole")
    b = trained_weights(tmp_path / "halves")
    assert all(torch.equal(a[name], b[name]) for name in a)


def losses_through(
    backend: str, bars: dict[str, SplitStore], folder: Path
) -> list[float]:
    """The losses of ten steps.

    In float64: Adam divides by the size of the gradient, and a small network's rounding in
    float32 becomes percents of the loss within ten steps.
    """
    settings = [
        "width=8",
        "dataset=bars",
        "steps=10",
        "validate_every=1",
        "val_episodes=1",
        "meta_batch_size=4",
    ]
    views = TrainViews(ImageView([bars["train"]]), ImageView([bars["val"]]))
    config = load_recipe(
        "maml-glyphs", [*settings, f"backend={backend}", "precision=fp32"]
    )
    trainer = Trainer(config, views, folder, TrainBudget(device="cpu"))
    trainer.learner.network.double()  # in place: the optimiser keeps its parameters
    trainer.run()
    return [entry["loss"] for entry in trainer.state.history]


@pytest.fixture(scope="module")
def native_losses(
    bars: dict[str, SplitStore], tmp_path_factory: pytest.TempPathFactory
) -> list[float]:
    return losses_through("native", bars, tmp_path_factory.mktemp("native"))


@pytest.mark.parametrize("backend", ["learn2learn", "higher"])
def test_one_recipe_trains_alike_through_every_backend(
    bars: dict[str, SplitStore],
    native_losses: list[float],
    tmp_path: Path,
    backend: str,
) -> None:
    pytest.importorskip(backend, reason=f"{backend} is not installed")
    losses = losses_through(backend, bars, tmp_path)
    np.testing.assert_allclose(native_losses, losses, rtol=1e-9)


def test_training_learns(bars: dict[str, SplitStore], tmp_path: Path) -> None:
    settings = [
        "width=16",
        "dataset=bars",
        "steps=120",
        "validate_every=20",
        "val_episodes=4",
        "meta_batch_size=4",
        "lr=0.003",
    ]
    views = TrainViews(ImageView([bars["train"]]), ImageView([bars["val"]]))
    config = load_recipe("maml-glyphs", [*settings, "precision=fp32"])
    trainer = Trainer(config, views, tmp_path, TrainBudget(device="cpu"))
    trainer.run()
    losses = [entry["loss"] for entry in trainer.state.history]
    assert losses[-1] < losses[0] / 2


def test_settings_of_the_test_may_change_at_evaluation_others_not(
    bars: dict[str, SplitStore], tmp_path: Path
) -> None:
    settings = [
        "width=8",
        "dataset=bars",
        "steps=2",
        "validate_every=2",
        "val_episodes=4",
    ]
    views = TrainViews(ImageView([bars["train"]]), ImageView([bars["val"]]))
    config = load_recipe("maml-glyphs", settings)
    Trainer(config, views, tmp_path, TrainBudget(device="cpu")).run()
    learner = load_learner(
        str(tmp_path), CPU, settings=["test_inner_steps=9", "statistics=image"]
    )
    assert isinstance(learner, MAML)
    assert learner.test_loop.steps == 9
    assert learner.card.recipe["test_inner_steps"] == 9
    assert not learner.transductive
    with pytest.raises(
        BaselineError, match="width.*weights are trained.*test_inner_steps"
    ):
        load_learner(str(tmp_path), CPU, settings=["width=9"])
    with pytest.raises(BaselineError, match="temperature has no effect on maml"):
        maml("temperature=2")
    with pytest.raises(BaselineError, match="inner_lr has no effect on protonet"):
        load_recipe("protonet-glyphs", ["inner_lr=7"])
    with pytest.raises(BaselineError, match="nothing can be set"):
        load_learner("centroid", CPU, settings=["statistics=image"])
