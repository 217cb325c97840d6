"""Protocols that follow a paper, with the source of each setting.

A source is a paper, or a file in a GitHub repository (owner/name file:lines). The
papers were read in copies made by third parties, so a wrong digit is unlikely but possible.
No setting is from memory. Never edit a published protocol. Add a new name instead.
"""

from .presets import FIVE_SHOT, Paper, Preset

_FIVE_WAY = ((5, 1), (5, 5))
_OMNIGLOT = (*_FIVE_WAY, (20, 1), (20, 5))

_FINN = (
    "Finn, Abbeel, Levine: Model-Agnostic Meta-Learning, ICML 2017; code: cbfinn/maml"
)
_FINN_FIELDS = {"n_episodes": 600, "transductive": True, "interval": "legacy-z"}
_FINN_SOURCES = {
    "n_query": "cbfinn/maml main.py:249,251: as many queries as shots",
    "n_episodes": "cbfinn/maml main.py:163, data_generator.py:86,89",
    "transductive": "cbfinn/maml utils.py:41: batch norm uses the statistics of the query images; "
    "the author confirms this in issues 9 and 37",
    "adaptation_steps": "paper, appendix A.1",
    "interval": "cbfinn/maml main.py:199-201: 1.96 * numpy.std / sqrt(n)",
}
_ANTONIOU_CODE = "AntreasAntoniou/HowToTrainYourMAMLPytorch"
_ANTONIOU = f"Antoniou, Edwards, Storkey: How to train your MAML, ICLR 2019; code: {_ANTONIOU_CODE}"
_ANTONIOU_FIELDS = {"n_episodes": 600, "transductive": True, "adaptation_steps": 5}
_ANTONIOU_SOURCES = {
    "n_query": f"{_ANTONIOU_CODE}, released experiment configs",
    "n_episodes": f"{_ANTONIOU_CODE} experiment_builder.py:247-300",
    "transductive": f"{_ANTONIOU_CODE} meta_neural_network_architectures.py:246-247: batch norm is "
    "always in training mode; see also issues 3 and 24",
    "adaptation_steps": f"{_ANTONIOU_CODE}, released experiment configs: as in training",
    "interval": "not from the paper: see the departures",
}
_ANTONIOU_DEPARTURES = (
    "Interval: the published ± is the standard deviation over three runs (author, issue 20), not "
    "an interval over episodes. Also train three seeds and report their ± of kind train-seeds.",
    "Model: the published accuracies are of an ensemble of the models from the five best "
    "validation epochs (experiment_builder.py:247-300). In issue 7, an ensemble of three "
    "adds about 2 points to MAML on miniImageNet. Here, a single checkpoint is scored.",
)
_LEE = (
    "Lee, Maji, Ravichandran, Soatto: MetaOptNet, CVPR 2019; code: kjunelee/MetaOptNet; "
    "tieredImageNet is from Ren et al., ICLR 2018"
)
_LEE_FIELDS = {"n_query": 15, "n_episodes": 1000, "interval": "legacy-z-n1"}
_LEE_SOURCES = {
    "n_query": "paper, section 4.1",
    "n_episodes": "kjunelee/MetaOptNet test.py: default of --episode",
    "transductive": "kjunelee/MetaOptNet test.py: network and head are in eval mode",
    "interval": "kjunelee/MetaOptNet test.py:152: 1.96 * numpy.std / sqrt(n + 1)",
}
_LIU_CODE = "csyanbin/TPN"
_SNELL_CODE = "jakesnell/prototypical-networks"
_SNELL = (
    "Snell, Swersky, Zemel: Prototypical Networks, NeurIPS 2017; "
    f"code: {_SNELL_CODE} (Omniglot only)"
)
_CHEN_CODE = "wyharveychen/CloserLookFewShot"
_NEAREST = (
    "Pixels: the authors resized one-bit images. Pillow resizes such images with NEAREST, whatever "
    "filter is chosen. For images made in this way, add --dataset omniglot-nearest."
)
_RAVI = "twitter-research/meta-learning-lstm data/miniImagenet (Ravi & Larochelle, 64/16/20)"
_TIERED = (
    "renmengye/few-shot-ssl-public fewshot/data/tiered_imagenet_split: 160 test classes of 8 "
    "categories"
)

_PAPERS = (
    Paper(
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
            "split": "cbfinn/maml data_generator.py:42-54: 423 random characters",
            "task_rotations": "cbfinn/maml data_generator.py:138-151: a random rotation for each "
            "class of an episode, also at test; an episode has one rotation per character",
        },
        departures=(
            "Split: the authors shuffle characters in the order of their file system. This cannot "
            "be repeated. Here, the split is Vinyals et al.'s, also with 423 test characters.",
            _NEAREST,
            FIVE_SHOT,
        ),
    ),
    Paper(
        name="finn2017",
        dataset="miniimagenet",
        paper=_FINN,
        shapes=_FIVE_WAY,
        fields=_FINN_FIELDS | {"adaptation_steps": 10},
        by_shape={(5, 1): {"n_query": 1}, (5, 5): {"n_query": 5}},
        sources=_FINN_SOURCES | {"split": _RAVI},
        departures=(
            "Pixels: the authors resize with Pillow's LANCZOS and save as JPEG again "
            "(proc_images.py:23-26). For the pixels here, see `fewbench data info miniimagenet`.",
        ),
    ),
    Paper(
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
            "split": f"{_SNELL_CODE} data/omniglot/splits/vinyals: 423 characters",
            "rotations": f"{_SNELL_CODE} protonets/data/base.py:28-39: each rotation of a class is "
            "a class of its own; an episode can have two rotations of a character",
            "n_query": f"{_SNELL_CODE}, default of the scripts",
            "n_episodes": "paper, section 3.1",
            "transductive": f"{_SNELL_CODE} eval.py:16: eval mode",
            "interval": f"{_SNELL_CODE} eval.py:62-64: 1.96 * std / sqrt(n), std with ddof 1 "
            "(AverageValueMeter of torchnet); the paper has no interval",
        },
        departures=(_NEAREST,),
    ),
    Paper(
        name="snell2017",
        dataset="miniimagenet",
        paper=_SNELL,
        shapes=_FIVE_WAY,
        fields={"n_query": 15, "n_episodes": 600, "interval": "legacy-z-ddof1"},
        sources={
            "split": _RAVI,
            "n_query": "paper, section 3.2",
            "n_episodes": "paper, section 3.2",
            "transductive": f"{_SNELL_CODE} eval.py:16: eval mode",
            "interval": f"{_SNELL_CODE} eval.py:62-64; this is the code for Omniglot, because "
            "the code for miniImageNet was not published",
        },
        departures=(
            "Pixels: how the authors made the 84 px images was not published.",
        ),
    ),
    Paper(
        name="chen2019",
        dataset="miniimagenet",
        paper="Chen, Liu, Kira, Wang, Huang: A Closer Look at Few-shot Classification, ICLR 2019; "
        f"code: {_CHEN_CODE}",
        shapes=_FIVE_WAY,
        fields={
            "n_query": 15,
            "n_episodes": 600,
            "adaptation_steps": 5,
            "interval": "legacy-z",
        },
        sources={
            "split": f"{_CHEN_CODE}, from the CSV files of Ravi & Larochelle",
            "n_query": f"{_CHEN_CODE} test.py",
            "n_episodes": f"{_CHEN_CODE} test.py",
            "adaptation_steps": f"{_CHEN_CODE} methods/maml.py:19-57: for MAML, as in training",
            "transductive": f"{_CHEN_CODE} backbone.py:88-102: batch norm uses the statistics of "
            "the query images in MAML, but not in other methods; tables mark such MAML results",
            "interval": f"{_CHEN_CODE} test.py:154-157: 1.96 * numpy.std / sqrt(n)",
        },
        departures=(
            "Pixels: the authors resize full-size images to 1.15 times the final side and crop "
            "the centre (data/datamgr.py:35-39).",
        ),
    ),
    Paper(
        name="antoniou2019",
        dataset="omniglot",
        paper=_ANTONIOU,
        shapes=_OMNIGLOT,
        fields=_ANTONIOU_FIELDS | {"n_query": 1},
        sources=_ANTONIOU_SOURCES
        | {
            "split": f"{_ANTONIOU_CODE} data.py:132-142,176,194-207: 1150/50/423 characters",
            "rotations": f"{_ANTONIOU_CODE} data.py: images are rotated only in training",
        },
        departures=(
            "Split: the authors' split depends on the seed of the run. Here, the split is that of "
            "Vinyals et al., which also has 423 test characters.",
            *_ANTONIOU_DEPARTURES,
            f"{_NEAREST} The authors' images are also not inverted: ink is 0 and paper is 1.",
        ),
    ),
    Paper(
        name="antoniou2019",
        dataset="miniimagenet",
        paper=_ANTONIOU,
        shapes=_FIVE_WAY,
        fields=_ANTONIOU_FIELDS | {"n_query": 15},
        sources=_ANTONIOU_SOURCES | {"split": _RAVI},
        departures=(
            *_ANTONIOU_DEPARTURES,
            "Pixels: the link to the authors' images is dead (issue 48), and it is not stated how "
            "they were made. For the pixels here, see `fewbench data info miniimagenet`.",
        ),
    ),
    Paper(
        name="lee2019",
        dataset="miniimagenet",
        paper=_LEE,
        shapes=_FIVE_WAY,
        fields=_LEE_FIELDS,
        sources=_LEE_SOURCES | {"split": _RAVI},
        departures=(
            "Pixels: the authors use 84 px pickles. For your pixels, see `fewbench data identify`.",
        ),
    ),
    Paper(
        name="lee2019",
        dataset="tieredimagenet",
        paper=_LEE,
        shapes=_FIVE_WAY,
        fields=_LEE_FIELDS,
        sources=_LEE_SOURCES | {"split": _TIERED},
        departures=(
            "Evaluation: Ren et al. evaluate semi-supervised learners on a tenth of the labelled "
            "images. This protocol is that of MetaOptNet, on the dataset of Ren et al.",
        ),
    ),
    Paper(
        name="liu2019",
        dataset="tieredimagenet",
        paper="Liu, Lee, Park, Kim, Yang, Hwang, Yang: Transductive Propagation Network (TPN), "
        f"ICLR 2019; code: {_LIU_CODE} (TPN only)",
        shapes=_FIVE_WAY,
        fields={"n_query": 15, "n_episodes": 600, "interval": "legacy-z"},
        sources={
            "split": _TIERED,
            "n_query": f"paper, section 4.2; {_LIU_CODE} test.py: default of --n_test_query",
            "n_episodes": f"paper, section 4.2; {_LIU_CODE} test.py: default of --n_test_episodes",
            "interval": f"{_LIU_CODE} test.py: 1.96 * numpy.std / sqrt(n)",
        },
        departures=(
            "Queries: the published ± of MAML fits about 1 query a class, although the text says "
            "15.",
            "Steps: the number of gradient steps of MAML at test is not stated. Here, the learner "
            "takes as many as its recipe says.",
        ),
    ),
)

LEGACY: dict[str, Preset] = {
    preset.protocol.name: preset for paper in _PAPERS for preset in paper.presets()
}
