"""A grid and an embedding on two cores: two processes beside one with one or two threads."""

import os
import statistics
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from fewbench_tests.commands import FEWBENCH

ROUNDS = 3
GRID = """
seeds = 2
threads = {threads}

[[part]]
recipes = ["protonet-omniglot-short", "maml-omniglot-short"]
protocols = ["omniglot-5w1s"]
episodes = 600
settings = {{steps = 20, val_episodes = 50, validate_every = 20}}
"""
# A wide network, so that the work is long beside the start of the processes.
ENCODER = """
import torch
from torch import nn


def make():
    torch.manual_seed(0)
    layers = []
    for before, after in [(1, 64), (64, 64), (64, 64), (64, 64)]:
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten())
"""
# (processes, threads of each)
WAYS = [(1, 1), (2, 1), (1, 2)]


def seconds_of(folder: Path, root: Path, arguments: Sequence[str | Path]) -> float:
    environment = os.environ | {"FEWBENCH_DATA": str(root)}
    started = time.perf_counter()
    command = [FEWBENCH, *arguments]
    subprocess.run(
        command, cwd=folder, env=environment, check=True, capture_output=True
    )
    return time.perf_counter() - started


def ratios(seconds: dict[tuple[int, int], list[float]]) -> tuple[float, float]:
    """How much faster two processes are than one with one thread, and than one with two."""
    medians = {way: statistics.median(those) for way, those in seconds.items()}
    return medians[1, 1] / medians[2, 1], medians[1, 2] / medians[2, 1]


def test_a_grid(tmp_path: Path, omniglot_root: Path, benchmark, say) -> None:
    seconds: dict[tuple[int, int], list[float]] = {way: [] for way in WAYS}

    def measure() -> None:
        for number in range(ROUNDS):
            for processes, threads in WAYS:
                grid = tmp_path / f"grid-{threads}.toml"
                grid.write_text(GRID.format(threads=threads))
                out = f"{number}-{processes}-{threads}"
                arguments = ["grid", "run", grid, "--out", out]
                arguments += ["--workers", str(processes)]
                taken = seconds_of(tmp_path, omniglot_root, arguments)
                seconds[processes, threads].append(taken)

    benchmark.pedantic(measure, rounds=1)
    than_one, than_two = ratios(seconds)
    say("grid: 2 processes against 1 with 1 thread", than_one, ">= 1.6")
    say("grid: 2 processes against 1 with 2 threads", than_two, ">= 0.95")


def test_an_embedding(tmp_path: Path, omniglot_root: Path, benchmark, say) -> None:
    (tmp_path / "wide_encoder.py").write_text(ENCODER)
    seconds: dict[tuple[int, int], list[float]] = {way: [] for way in WAYS}

    def measure() -> None:
        for number in range(ROUNDS):
            for processes, threads in WAYS:
                out = f"{number}-{processes}-{threads}"
                arguments = ["embed", "wide_encoder:make", "--dataset", "omniglot"]
                arguments += ["--split", "train", "--rotations", "--out", out]
                arguments += ["--workers", str(processes), "--threads", str(threads)]
                taken = seconds_of(tmp_path, omniglot_root, arguments)
                seconds[processes, threads].append(taken)

    benchmark.pedantic(measure, rounds=1)
    than_one, than_two = ratios(seconds)
    say("embedding: 2 processes against 1 with 1 thread", than_one, ">= 1.6")
    say("embedding: 2 processes against 1 with 2 threads", than_two, ">= 0.95")
