"""Features of the small split `glyphs val`, stored by the code of `fewbench embed`."""

from pathlib import Path
from typing import Any

import torch

from fewbench.baselines.learner import EmbeddingLearner
from fewbench.benchmark.cluster.embed_into import EmbedWork
from fewbench.benchmark.cluster.embedding import EmbedRequest, open_embedding
from fewbench.benchmark.cluster.identity import identity_of
from fewbench.benchmark.cluster.in_process import InProcess
from fewbench.benchmark.cluster.model_source import ModelSource
from fewbench.benchmark.cluster.place import Place
from fewbench.benchmark.cluster.view_source import ViewSource
from fewbench.benchmark.feature_file import FeatureFile
from fewbench.benchmark.models import Loading, load_model

# Its features are those of a small network, whose seed is a part of the text.
ENCODER = """
import torch
from torch import nn

def encoder():
    torch.manual_seed(SEED)
    return nn.Sequential(nn.Conv2d(1, 4, 3, 4), nn.ReLU(), nn.Flatten())

def crop(images):
    return images[:, :, 2:26, 2:26]
"""


def write_encoder(folder: Path, seed: int = 0) -> str:
    """Write a module with `encoder` and `crop`. Return its name, which no other one has."""
    name = f"encoder_{abs(hash(folder))}_{seed}"
    (folder / f"{name}.py").write_text(ENCODER.replace("SEED", str(seed)))
    return name


def work_of(
    folder: Path,
    root: Path,
    what: str = "centroid",
    images_per_task: int = 4096,
    **request: Any,
) -> EmbedWork:
    """The work that embeds glyphs val into a folder."""
    values = {"split": "val", "threads": torch.get_num_threads(), **request}
    embedding = open_embedding(EmbedRequest(what, "glyphs", **values), root)
    return EmbedWork.of(embedding, Place(folder, root), images_per_task)


def embed_here(
    folder: Path, root: Path, what: str = "centroid", **request: Any
) -> FeatureFile:
    """Embed glyphs val into a folder, in this process."""
    work = work_of(folder, root, what, **request)
    return work.do(InProcess(work.place))


def embedding_learner(what: str) -> EmbeddingLearner:
    """A model as a user names it."""
    learner = load_model(what, Loading(device="cpu"))
    assert isinstance(learner, EmbeddingLearner)
    return learner


def source_of(what: str, view_source: ViewSource, root: Path) -> ModelSource:
    """The source of a model, with its identity."""
    identity = identity_of(embedding_learner(what), view_source.open(root))
    return ModelSource(identity, what, {"device": "cpu"})
