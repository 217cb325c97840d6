"""Protocols that follow a paper to the letter: where each fact was read, and what departs from it.

A place is a public repository (owner/name, file, lines) or a paper. The papers were read in copies
by third parties: a digit is very likely right, but not certified. Nothing here is from memory.
A published preset is never edited: a change gets a new name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...reports.protocol import EvalProtocol


@dataclass(frozen=True)
class Preset:
    """A protocol of a paper.

    sources: where each field of the protocol was read
    departures: what differs from the paper, in sentences
    """

    protocol: EvalProtocol
    paper: str
    sources: Mapping[str, str]
    departures: tuple[str, ...]


@dataclass(frozen=True)
class _Paper:
    """What the presets of one paper on one dataset share.

    fields: of EvalProtocol, for every shape
    by_shape: fields of EvalProtocol for one (way, shot)
    """

    name: str
    dataset: str
    paper: str
    shapes: tuple[tuple[int, int], ...]
    fields: Mapping[str, Any]
    sources: Mapping[str, str]
    departures: tuple[str, ...]
    by_shape: Mapping[tuple[int, int], Mapping[str, Any]] = field(default_factory=dict)

    def presets(self) -> Iterator[Preset]:
        """One preset for each way and shot."""
        for shape in self.shapes:
            n_way, n_shot = shape
            fields = {**self.fields, **self.by_shape.get(shape, {})}
            protocol = EvalProtocol(
                name=f"{self.name}-{self.dataset}-{n_way}w{n_shot}s",
                dataset=self.dataset,
                split="test",
                n_way=n_way,
                n_shot=n_shot,
                seed=0,
                **fields,
            )
            departures = list(self.departures)
            if _FIVE_SHOT in departures and n_shot != 5:
                departures.remove(_FIVE_SHOT)
            yield Preset(protocol, self.paper, self.sources, (*departures, _EPISODES))


_EPISODES = (
    "Episodes: those of the authors cannot be drawn again; these are "
    "fewbench's stream of seed 0."
)
_FIVE_SHOT = (
    "5-shot: the commands are not in the repository, so whether the authors tested a model that "
    "was trained with 5 shots is unknown."
)
_FIVE_WAY = ((5, 1), (5, 5))
_OMNIGLOT = (*_FIVE_WAY, (20, 1), (20, 5))

_FINN = (
    "Finn, Abbeel, Levine: Model-Agnostic Meta-Learning, ICML 2017; code: cbfinn/maml"
)
_FINN_FIELDS = {"n_episodes": 600, "transductive": True, "interval": "legacy-z"}
_FINN_SOURCES = {
    "n_query": "cbfinn/maml main.py:249,251: as many as shots",
    "n_episodes": "cbfinn/maml main.py:163, data_generator.py:86,89",
    "transductive": "cbfinn/maml utils.py:41: batch norm takes the statistics of the query images; "
    "confirmed by the author in issues 9 and 37",
    "adaptation_steps": "paper, appendix A.1; cbfinn/maml main.py:11-20",
    "interval": "cbfinn/maml main.py:199-201: 1.96 * numpy.std / sqrt(n)",
}
_ANTONIOU = (
    "Antoniou, Edwards, Storkey: How to train your MAML, ICLR 2019; "
    "code: AntreasAntoniou/HowToTrainYourMAMLPytorch"
)
_ANTONIOU_FIELDS = {"n_episodes": 600, "transductive": True, "adaptation_steps": 5}
_ANTONIOU_SOURCES = {
    "n_query": "AntreasAntoniou/HowToTrainYourMAMLPytorch, released experiment configs",
    "n_episodes": "same repository, experiment_builder.py:247-300",
    "transductive": "same repository, meta_neural_network_architectures.py:246-247: batch norm in "
    "training mode always; issues 3 and 24",
    "adaptation_steps": "same repository, released experiment configs: as in training",
    "interval": "none of the paper's: see departures",
}
_ANTONIOU_DEPARTURES = (
    "Interval: the published ± is the standard deviation over three runs (author, issue 20), not "
    "an interval over episodes. Train three seeds and report the kind train-seeds beside it.",
    "Model: the published numbers are of an ensemble of the five best validation epochs "
    "(experiment_builder.py:247-300; worth about 2 points on miniImageNet, issue 7); here one "
    "checkpoint is scored.",
)
_LEE = (
    "Lee, Maji, Ravichandran, Soatto: MetaOptNet, CVPR 2019; code: kjunelee/MetaOptNet; "
    "tieredImageNet is Ren et al.'s, ICLR 2018"
)
_LEE_FIELDS = {"n_query": 15, "n_episodes": 1000, "interval": "legacy-z-n1"}
_LEE_SOURCES = {
    "n_query": "paper, Table 3",
    "n_episodes": "paper, Table 3",
    "transductive": "no statement found: taken as inductive",
    "interval": "kjunelee/MetaOptNet test.py:152: 1.96 * numpy.std / sqrt(n + 1)",
}
_SNELL = (
    "Snell, Swersky, Zemel: Prototypical Networks, NeurIPS 2017; "
    "code: jakesnell/prototypical-networks (Omniglot only)"
)
_NEAREST = (
    "Pixels: the authors resized one-bit images, for which they got NEAREST whatever they asked "
    "for; --dataset omniglot-nearest has images made so, and shows in the name."
)
_RAVI = "twitter-research/meta-learning-lstm data/miniImagenet (Ravi & Larochelle, 64/16/20)"

_PAPERS = (
    _Paper(
        name="finn2017",
        dataset="omniglot",
        paper=_FINN,
        shapes=_OMNIGLOT,
        fields=_FINN_FIELDS | {"task_rotations": True},
        by_shape={
            (5, 1): {"n_query": 1, "adaptation_steps": 3},
            (5, 5): {"n_query": 5, "adaptation_steps": 3},
            (20, 1): {"n_query": 1, "adaptation_steps": 5},
            (20, 5): {"n_query": 5, "adaptation_steps": 5},
        },
        sources=_FINN_SOURCES
        | {
            "split": "cbfinn/maml data_generator.py:42-54: 423 characters at random",
            "task_rotations": "cbfinn/maml data_generator.py:138-151: one random rotation for each "
            "class of a task; also at test; two rotations of a character never meet",
        },
        departures=(
            "Split: the authors shuffle the order in which their file system lists the "
            "characters, which nobody can repeat. Here: the 423 test characters of Vinyals et "
            "al.'s split, which are as many.",
            _NEAREST,
            _FIVE_SHOT,
        ),
    ),
    _Paper(
        name="finn2017",
        dataset="miniimagenet",
        paper=_FINN,
        shapes=_FIVE_WAY,
        fields=_FINN_FIELDS | {"adaptation_steps": 10},
        by_shape={(5, 1): {"n_query": 1}, (5, 5): {"n_query": 5}},
        sources=_FINN_SOURCES | {"split": _RAVI},
        departures=(
            "Pixels: the authors resize with Pillow's LANCZOS and save as JPEG again "
            "(proc_images.py:23-26); here see `fewbench data info miniimagenet`.",
        ),
    ),
    _Paper(
        name="snell2017",
        dataset="omniglot",
        paper=_SNELL,
        shapes=_OMNIGLOT,
        fields={
            "n_query": 15,
            "n_episodes": 1000,
            "rotations": True,
            "interval": "legacy-z-ddof1",
        },
        sources={
            "split": "jakesnell/prototypical-networks data/omniglot/splits/vinyals: 423 characters",
            "rotations": "same repository, protonets/data/base.py:28-39: rotated classes are "
            "classes; two rotations of a character can meet",
            "n_query": "same repository, default of its scripts",
            "n_episodes": "paper, section 3.1",
            "transductive": "same repository, eval.py:16: eval mode",
            "interval": "same repository, eval.py:62-64: 1.96 * std / sqrt(n), whose std has ddof 1"
            " (torchnet's AverageValueMeter); the paper prints no interval",
        },
        departures=(_NEAREST,),
    ),
    _Paper(
        name="snell2017",
        dataset="miniimagenet",
        paper=_SNELL,
        shapes=_FIVE_WAY,
        fields={"n_query": 15, "n_episodes": 600, "interval": "legacy-z-ddof1"},
        sources={
            "split": _RAVI,
            "n_query": "paper, section 3.2",
            "n_episodes": "paper, section 3.2",
            "transductive": "jakesnell/prototypical-networks eval.py:16: eval mode",
            "interval": "jakesnell/prototypical-networks eval.py:62-64, which is the code for "
            "Omniglot: that for miniImageNet was not published",
        },
        departures=("Pixels: the authors' way to 84 px was not published.",),
    ),
    _Paper(
        name="chen2019",
        dataset="miniimagenet",
        paper="Chen, Liu, Kira, Wang, Huang: A Closer Look at Few-shot Classification, ICLR 2019; "
        "code: wyharveychen/CloserLookFewShot",
        shapes=_FIVE_WAY,
        fields={
            "n_query": 15,
            "n_episodes": 600,
            "adaptation_steps": 5,
            "interval": "legacy-z",
        },
        sources={
            "split": "wyharveychen/CloserLookFewShot, from the CSVs of Ravi & Larochelle",
            "n_query": "same repository, test.py",
            "n_episodes": "same repository, test.py",
            "adaptation_steps": "same repository, methods/maml.py:19-57: of MAML, as in training",
            "transductive": "same repository, backbone.py:88-102: MAML's batch norm takes the "
            "statistics of the query images, the other methods' does not; tables mark it",
            "interval": "same repository, test.py:154-157: 1.96 * numpy.std / sqrt(n)",
        },
        departures=(
            "Pixels: the authors resize full-size images to 1.15 times the side and take the "
            "middle (data/datamgr.py:35-39).",
        ),
    ),
    _Paper(
        name="antoniou2019",
        dataset="omniglot",
        paper=_ANTONIOU,
        shapes=_OMNIGLOT,
        fields=_ANTONIOU_FIELDS | {"n_query": 1},
        sources=_ANTONIOU_SOURCES
        | {
            "split": "same repository, data.py:132-142,176,194-207: 1150/50/423 characters",
            "rotations": "same repository, data.py: rotated in training only",
        },
        departures=(
            "Split: the authors' changes with the seed of the run. Here: the 423 test characters "
            "of Vinyals et al.'s split, which are as many.",
            *_ANTONIOU_DEPARTURES,
            f"{_NEAREST} Theirs are not inverted either (ink 0 on 1).",
        ),
    ),
    _Paper(
        name="antoniou2019",
        dataset="miniimagenet",
        paper=_ANTONIOU,
        shapes=_FIVE_WAY,
        fields=_ANTONIOU_FIELDS | {"n_query": 15},
        sources=_ANTONIOU_SOURCES | {"split": _RAVI},
        departures=(
            *_ANTONIOU_DEPARTURES,
            "Pixels: the link to the authors' images is dead (their issue 48), and how they were "
            "made is unstated; here see `fewbench data info miniimagenet`.",
        ),
    ),
    _Paper(
        name="lee2019",
        dataset="miniimagenet",
        paper=_LEE,
        shapes=_FIVE_WAY,
        fields=_LEE_FIELDS,
        sources=_LEE_SOURCES | {"split": _RAVI},
        departures=(
            "Pixels: the authors' 84 px pickles; `fewbench data identify` says what yours are.",
        ),
    ),
    _Paper(
        name="lee2019",
        dataset="tieredimagenet",
        paper=_LEE,
        shapes=_FIVE_WAY,
        fields=_LEE_FIELDS,
        sources=_LEE_SOURCES
        | {
            "split": "renmengye/few-shot-ssl-public fewshot/data/tiered_imagenet_split: 160 test "
            "classes of 8 categories"
        },
        departures=(
            "Ren et al.'s own evaluation is semi-supervised, on a tenth of the labelled images; "
            "this one is MetaOptNet's, on their dataset.",
        ),
    ),
)

LEGACY: dict[str, Preset] = {
    preset.protocol.name: preset for paper in _PAPERS for preset in paper.presets()
}
