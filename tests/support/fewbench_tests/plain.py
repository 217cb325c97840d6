"""ProtoNet's work as it is usually written, timed in a process of its own.

Our learners change how their process asks for memory (`malloc.keep_large_blocks`), which would
speed up whatever is timed after them.
"""

import os
import subprocess
import sys

import torch
from torch import nn
from torch.nn import functional

from fewbench_tests.paths import SUPPORT
from fewbench_tests.timing import DEVICE, seconds_of

N_IMAGES = 4096


def plain_conv4() -> nn.Sequential:
    """NCHW, biases, ReLU before the pool."""

    def block(n_in: int, n_out: int) -> nn.Sequential:
        convolution = nn.Conv2d(n_in, n_out, 3, padding=1)
        return nn.Sequential(
            convolution, nn.BatchNorm2d(n_out), nn.ReLU(), nn.MaxPool2d(2)
        )

    return nn.Sequential(
        block(1, 64), block(64, 64), block(64, 64), block(64, 64), nn.Flatten()
    )


def embedding() -> float:
    """Seconds for N_IMAGES images in eval mode, 256 at a time."""
    network = plain_conv4().eval().to(DEVICE)
    images = torch.randint(0, 256, (N_IMAGES, 28, 28, 1), dtype=torch.uint8)

    def embed() -> None:
        with torch.no_grad():
            for batch in images.split(256):
                network(batch.to(DEVICE).permute(0, 3, 1, 2).contiguous().float() / 255)

    return seconds_of(embed, 5)


def training_step() -> float:
    """Seconds of one step, 60-way 1-shot with 5 queries."""
    pixels = torch.rand(360, 1, 28, 28, device=DEVICE)
    labels = torch.arange(60, device=DEVICE).repeat_interleave(5)
    network = plain_conv4().to(DEVICE)
    adam = torch.optim.Adam(network.parameters(), 1e-3)

    def step() -> None:
        support, query = network(pixels).split([60, 300])
        loss = functional.cross_entropy(-(torch.cdist(query, support) ** 2), labels)
        adam.zero_grad()
        loss.backward()
        adam.step()

    return seconds_of(step, 9)


def plain_seconds(work: str) -> float:
    """What `embedding` or `training_step` answers in a fresh process."""
    command = [sys.executable, "-W", "ignore", "-m", __name__, work]
    environment = os.environ | {"PYTHONPATH": str(SUPPORT)}
    run = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    )
    return float(run.stdout)


if __name__ == "__main__":
    print({"embedding": embedding, "training_step": training_step}[sys.argv[1]]())  # noqa: T201
