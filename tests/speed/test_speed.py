"""Speed as ratios within one run, medians of several rounds. On request: tox run -e speed"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from fewbench.baselines.catalogue import make_learner
from fewbench.baselines.device.choose import resolve_precision
from fewbench.baselines.device.malloc import keep_large_blocks
from fewbench.baselines.evaluation.features import Features
from fewbench.baselines.metric.protonet import ProtoNet
from fewbench.baselines.recipe_files import load_recipe
from fewbench.benchmark.evaluate import evaluate
from fewbench.benchmark.protocols.listing import PROTOCOLS
from fewbench.datasets.episodes import EpisodeSpec, sample_episodes
from fewbench.datasets.view import ImageView
from fewbench_tests.plain import N_IMAGES, plain_conv4, plain_seconds
from fewbench_tests.progress import no_progress
from fewbench_tests.timing import DEVICE, finished, seconds_of

FIVE_ONE = EpisodeSpec(5, 1, 15)


def fresh_protonet(precision: str = "fp32") -> ProtoNet:
    recipe = load_recipe("protonet-omniglot", [f"precision={precision}"])
    return make_learner(recipe, (28, 28, 1), DEVICE)


def test_episodes_a_second_on_one_core(benchmark, say) -> None:
    offsets = np.arange(1693) * 20
    benchmark(sample_episodes, offsets, FIVE_ONE, 0, 0, 20_000)
    rate = 20_000 / benchmark.stats.stats.median
    say("episodes drawn a second, 5-way 1-shot 15 queries", rate, ">= 100,000")
    assert rate >= 100_000


def test_embedding_against_plain_eval_mode(
    benchmark, say, test_view: ImageView
) -> None:
    learner = fresh_protonet()
    indices = np.arange(len(test_view))[: 4 * N_IMAGES : 4]

    some = np.zeros(len(test_view), bool)
    some[indices] = True

    def embed() -> None:
        Features(learner, test_view, some).table(indices, no_progress)

    plain = plain_seconds("embedding")
    benchmark.pedantic(finished(embed), rounds=5, warmup_rounds=1)
    ours = benchmark.stats.stats.median
    say("images embedded a second", len(indices) / ours, "")
    say("images embedded a second, plain NCHW eval", N_IMAGES / plain, "")
    ratio = plain / N_IMAGES * len(indices) / ours
    say("embedding, times as fast as plain NCHW eval", ratio, ">= 3")
    assert ratio >= 3


def test_ten_thousand_episodes_against_embedding_alone(
    benchmark, say, omniglot_root: Path, test_view: ImageView
) -> None:
    learner, protocol = fresh_protonet(), PROTOCOLS["omniglot-5w1s"]
    everything = np.arange(len(test_view))

    def embed() -> None:
        Features(learner, test_view).table(everything, no_progress)

    embedding = seconds_of(embed)
    benchmark.pedantic(
        evaluate,
        (learner, protocol),
        {"root": omniglot_root},
        rounds=3,
        warmup_rounds=1,
    )
    whole = benchmark.stats.stats.median
    say("10,000 episodes evaluated, seconds", whole, "")
    say("10,000 episodes / embedding each image once", whole / embedding, "<= 1.25")
    assert whole / embedding <= 1.25


def test_evaluation_against_learn2learn(
    benchmark, say, omniglot_root: Path, learn2learn_tasks
) -> None:
    learner, protocol = fresh_protonet(), PROTOCOLS["omniglot-5w1s"]
    network = plain_conv4().eval().to(DEVICE)

    def hundred_episodes() -> None:
        with torch.no_grad():
            for _ in range(100):
                images, labels = learn2learn_tasks.sample()
                features = network(images.to(DEVICE))
                support = torch.zeros(len(labels), dtype=torch.bool)
                support[::16] = True
                distances = torch.cdist(features[~support], features[support])
                (distances.argmin(1).cpu() == labels[~support]).float().mean()

    hundred = seconds_of(hundred_episodes, rounds=3)
    benchmark.pedantic(
        evaluate,
        (learner, protocol),
        {"root": omniglot_root},
        rounds=3,
        warmup_rounds=1,
    )
    whole = benchmark.stats.stats.median
    say("100 episodes through learn2learn's tasks, seconds", hundred, "")
    say("10,000 episodes, times as fast as learn2learn", 100 * hundred / whole, ">= 50")
    assert 100 * hundred / whole >= 50


def test_training_step_against_plain_fp32(benchmark, say, test_view: ImageView) -> None:
    """60-way 1-shot with 5 queries: 360 images of 28 px."""
    spec = EpisodeSpec(60, 1, 5)
    episode = sample_episodes(test_view.class_offsets, spec, 0, 0, 1)
    order = np.concatenate([episode.support.reshape(-1), episode.query.reshape(-1)])
    pixels = (
        torch.from_numpy(test_view.images(order)).to(DEVICE).permute(0, 3, 1, 2).float()
        / 255
    )
    plain = plain_seconds("training_step")
    keep_large_blocks()
    steps = {name: our_step(name, pixels, spec) for name in ("fp32", "bf16")}
    benchmark.pedantic(finished(steps["fp32"]), rounds=10, warmup_rounds=2)
    say("training step, plain fp32 NCHW, seconds", plain, "")
    native = resolve_precision("auto", DEVICE) == "bf16"
    goals = {"fp32": "" if native else ">= 1.3", "bf16": ">= 3" if native else ""}
    ratios = {name: plain / seconds_of(step, 7) for name, step in steps.items()}
    for name, ratio in ratios.items():
        say(
            f"training step {name}, times as fast as plain fp32 NCHW",
            ratio,
            goals[name],
        )
    assert ratios["bf16"] >= 3 if native else ratios["fp32"] >= 1.3


def our_step(
    precision: str, pixels: torch.Tensor, spec: EpisodeSpec
) -> Callable[[], None]:
    learner = fresh_protonet(precision)
    adam = torch.optim.Adam(learner.network.parameters(), 1e-3, fused=True)
    images = pixels.contiguous(memory_format=torch.channels_last)

    def step() -> None:
        loss = learner.loss(images, spec)
        adam.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()

    return step


def test_peak_memory_of_the_main_jobs(
    benchmark, say, shared_data: Path, tmp_path: Path
) -> None:
    """Resident memory of whole processes, torch included."""
    import subprocess
    import sys

    fewbench = str(Path(sys.executable).with_name("fewbench"))
    root, source = str(tmp_path / "root"), str(shared_data / "omniglot")
    commands = {
        "Omniglot build, peak GiB": ["data", "build", "omniglot", "--source", source],
        "10,000 episodes of centroid, peak GiB": [
            *("evaluate", "centroid", "--protocol", "omniglot-5w1s"),
            *("--out", str(tmp_path / "out")),
        ],
    }
    peaks = {}

    def measure() -> None:
        for what, arguments in commands.items():
            code = (
                "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, "
                "stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); "
                "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
            )
            command = [sys.executable, "-c", code, fewbench, *arguments, "--root", root]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            peaks[what] = int(done.stdout) / 2**20

    benchmark.pedantic(measure, rounds=1)
    for (what, peak), goal in zip(peaks.items(), (1.0, 2.0), strict=True):
        say(what, peak, f"<= {goal}")
        assert peak <= goal
