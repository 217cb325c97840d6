"""MAML side by side: the native engine, learn2learn and higher on the same tasks."""

import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import vmap
from torch.nn import functional

from fewbench.baselines.catalogue import make_learner
from fewbench.baselines.device.malloc import keep_large_blocks
from fewbench.baselines.evaluation.examiner import answer
from fewbench.baselines.gradient.maml import MAML
from fewbench.baselines.recipe_files import load_recipe
from fewbench.datasets.episodes import EpisodeSpec, sample_episodes
from fewbench.datasets.view import ImageView
from fewbench_tests.meta_tasks import task_loss
from fewbench_tests.timing import DEVICE, finished, seconds_of

TRAIN, TEST = EpisodeSpec(5, 1, 1), EpisodeSpec(5, 1, 15)
N_TASKS, N_EPISODES = 32, 600


def maml(backend: str, *settings: str) -> MAML:
    recipe = load_recipe(
        "maml-omniglot", [f"backend={backend}", "precision=fp32", *settings]
    )
    return make_learner(recipe, (28, 28, 1), DEVICE)


def tasks_of(view: ImageView, spec: EpisodeSpec, count: int) -> Tensor:
    episodes = sample_episodes(view.class_offsets, spec, 0, 0, count)
    parts = (episodes.support.reshape(count, -1), episodes.query.reshape(count, -1))
    indices = np.concatenate(parts, axis=1)
    images = torch.from_numpy(view.images(indices.reshape(-1)))
    return images.reshape(*indices.shape, *view.image_shape).to(DEVICE)


def plain_vmap(learner: MAML, images: Tensor) -> Callable[[], None]:
    """The meta-step as torch.func gives it: vmap over the loss of one task."""
    pixels = (images.float() / 255).permute(0, 1, 4, 2, 3).contiguous()
    labels = torch.arange(TRAIN.n_way, device=DEVICE)
    start: dict[str, Tensor] = dict(learner.network.named_parameters())
    losses = vmap(
        task_loss(learner.network, learner.inner_loop(0), (labels, labels)),
        (None, 0, 0),
    )

    def step() -> None:
        learner.network.zero_grad(set_to_none=True)
        with warnings.catch_warnings():  # of rules that vmap lacks, and does without
            warnings.simplefilter("ignore")
            losses(start, *pixels.split(TRAIN.n_way, dim=1)).mean().backward()

    return step


@pytest.fixture
def peak() -> float:
    """Floating point operations a second of a large float32 matrix product on this machine."""
    a, b = torch.rand(2, 1536, 1536, device=DEVICE)
    return 2 * 1536**3 / seconds_of(lambda: a @ b, 15)


def operations(spec: EpisodeSpec, steps: int) -> float:
    """Of the convolutions of one task: a multiplication and an addition each.

    Passes over the support images: 3 a step for loss and gradient, 6 for the second derivative;
    over the query images: 3. The first convolution, which needs no gradient of its input, is
    counted like the others: it has 4 % of the operations.
    """
    maps = [(14, 1), (7, 64), (4, 64), (2, 64)]
    forward = sum(2 * side**2 * 9 * channels * 64 for side, channels in maps)
    return forward * spec.n_way * (spec.n_shot * 9 * steps + spec.n_query * 3)


@pytest.mark.parametrize(("steps", "goal"), [(1, 3.0), (5, 2.0)])
def test_meta_step(
    benchmark, say, test_view: ImageView, peak: float, steps, goal
) -> None:
    """32 tasks, Omniglot conv4-64, 5-way 1-shot, 1 query, second order."""
    images = tasks_of(test_view, TRAIN, N_TASKS)
    taken = {}
    keep_large_blocks()  # for all three
    for backend in ("learn2learn", "higher", "native"):
        learner = maml(backend, f"inner_steps={steps}")

        def step(learner: MAML = learner) -> None:
            learner.network.zero_grad(set_to_none=True)
            learner.backward(images, TRAIN, 0)

        if backend == "native":
            benchmark.pedantic(finished(step), rounds=9, warmup_rounds=2)
            taken[backend] = benchmark.stats.stats.median
        else:
            taken[backend] = seconds_of(step, 5)
    vmap_step = plain_vmap(maml("native", f"inner_steps={steps}"), images)
    taken["torch.vmap"] = seconds_of(vmap_step, 5)
    for backend, seconds in taken.items():
        say(
            f"meta-step of 32 tasks, {steps} inner steps, {backend}, seconds",
            seconds,
            "",
        )
        share = N_TASKS * operations(TRAIN, steps) / seconds / peak
        say(
            f"the same, % of the peak of a matrix product ({peak / 1e9:.0f} G/s)",
            100 * share,
            "",
        )
    ratio = taken["learn2learn"] / taken["native"]
    say(
        f"meta-step, {steps} inner steps, times as fast as learn2learn",
        ratio,
        f">= {goal:g}",
    )
    say("the same, times as fast as higher", taken["higher"] / taken["native"], "")
    assert ratio >= goal


def test_evaluation(benchmark, say, test_view: ImageView, learn2learn_tasks) -> None:
    """600 episodes, 5-way 1-shot with 15 queries, 1 inner step.

    learn2learn's usual loop draws each task from its loader; beside it the same loop on images
    that lie in memory, where what is left is arithmetic.
    """
    l2l = pytest.importorskip("learn2learn", reason="learn2learn is not installed")
    learner = maml("native", "test_inner_steps=1")
    rate = learner.own.inner_lr
    algorithm = l2l.algorithms.MAML(learner.network, lr=rate, allow_nograd=True)
    labels = (
        torch.arange(5, device=DEVICE),
        torch.arange(5, device=DEVICE).repeat_interleave(15),
    )
    images = tasks_of(test_view, TEST, N_EPISODES).permute(0, 1, 4, 2, 3).contiguous()

    def adapt_and_answer(support: Tensor, query: Tensor) -> None:
        clone = algorithm.clone()
        clone.adapt(functional.cross_entropy(clone(support), labels[0]))
        (clone(query).argmax(1) == labels[1]).float().mean()

    def usual_loop() -> None:
        for _ in range(N_EPISODES // 10):
            pixels, _ = learn2learn_tasks.sample()
            pixels = pixels.reshape(5, 16, 1, 28, 28).to(DEVICE)
            adapt_and_answer(pixels[:, 0], pixels[:, 1:].flatten(0, 1))

    def in_memory() -> None:
        for task in images:
            pixels = task.float() / 255
            adapt_and_answer(pixels[:5], pixels[5:])

    episodes = sample_episodes(test_view.class_offsets, TEST, 0, 0, N_EPISODES)
    usual, bare = 10 * seconds_of(usual_loop, 3), seconds_of(in_memory, 3)
    benchmark.pedantic(
        answer, (learner, test_view, episodes, 0), rounds=5, warmup_rounds=1
    )
    ours = benchmark.stats.stats.median
    say("600 episodes of MAML evaluated, seconds", ours, "")
    say("the same, learn2learn's loop on its own tasks, seconds", usual, "")
    say(
        "600 episodes of MAML, times as fast as learn2learn's usual loop",
        usual / ours,
        ">= 4",
    )
    say("the same against that loop on images in memory", bare / ours, "")
    assert usual / ours >= 4
