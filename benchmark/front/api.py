"""The functions of `import fewbench`. Each imports the code it needs when called."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from fewbench.baselines.learner import Learner
    from fewbench.baselines.preparation import Preparation
    from fewbench.baselines.torch_dataset import TorchDataset
    from fewbench.datasets.store.split_store import SplitStore
    from fewbench.progress import Progress
    from fewbench.reports.protocol import EvalProtocol
    from fewbench.reports.records import RunResult
    from fewbench.reports.stats.comparisons import Comparison
    from fewbench.reports.stats.intervals import Interval


def evaluate(
    model: object,
    protocol: "str | EvalProtocol | Path",
    *,
    name: str | None = None,
    train_seed: int | None = None,
    recipe: "Mapping[str, str | int | float | bool | None] | None" = None,
    preparation: "Preparation | None" = None,
    batch_size: int | None = None,
    probabilities: bool = False,
    features: "str | int | Callable[..., object] | None" = None,
    root: str | Path | None = None,
    progress: "bool | Progress" = True,
) -> "RunResult":
    """Score a model on the episodes of a protocol.

    model: one of three kinds:
        a Learner;
        a `torch.nn.Module` that turns float32 images (n, C, H, W) with values in 0..1
        into features (n, d), which are compared as in ProtoNet;
        a function (support_images, support_labels, query_images) -> scores, with images
        uint8 (n, H, W, C) and scores (n_query_images, n_way)
    protocol: the name of a protocol (see `protocols()`), an EvalProtocol, or the path
        of an episode file
    name: the name of the model in tables; by default the name of its class or function
    train_seed: the seed that trained the model; by default 0
    recipe: the settings of the training, such as {"lr": 0.1}; reports average over the
        training seeds of one recipe
    preparation: what is done to the images before the model sees them, such as
        `fewbench.Preparation(size=224)`; None for nothing
    batch_size: the number of images in a forward pass of an encoder; None to choose it
        by the size of the images
    probabilities: whether the scores of a function are probabilities. If so, the result
        also measures their calibration.
    features: where an encoder's output holds the features, if it is not a tensor: the
        name or the index of a member, or a function of the output
    root: the folder with the built datasets; by default $FEWBENCH_DATA, or else the
        data folder of the user
    progress: True to show a progress bar, or a function to call instead
    Warns if the model failed a check, such as one that depends on the order of images.
    Raises fewbench.errors.UserError with advice if the model or the protocol is wrong,
    or if the data is missing.
    """
    from contextlib import nullcontext

    from fewbench.benchmark.cli.console import progress_bars
    from fewbench.benchmark.evaluate import evaluate as evaluate_model
    from fewbench.benchmark.labels import Labels

    shown = nullcontext(None if isinstance(progress, bool) else progress)
    if progress is True:
        shown = progress_bars()
    with shown as report:
        return evaluate_model(
            model,
            protocol,
            name=name,
            preparation=preparation,
            batch_size=batch_size,
            root=None if root is None else Path(root),
            progress=report,
            probabilities=probabilities,
            features=features,
            labels=Labels(name, train_seed, recipe),
        )


def open_split(
    dataset: str, split: str, *, root: str | Path | None = None
) -> "SplitStore":
    """Open a split of a built dataset, with its images as a read-only memory map.

    A dataset that comes with fewbench is built on first use.

    split: "train", "val" or "test"
    root: the folder with the built datasets; by default $FEWBENCH_DATA, or else the
        data folder of the user
    Raises DataError if the dataset or the split is unknown, or if the dataset is not
    built. If it is not built, the text names the command that builds it.
    """
    from fewbench.datasets.catalogue import find_dataset
    from fewbench.datasets.root import data_root
    from fewbench.datasets.root import open_split as open_built_split

    where = data_root(root)
    return open_built_split(find_dataset(dataset, where), where, split)


def torch_dataset(
    dataset: str,
    split: str,
    transform: "Callable[[Tensor], Any] | None" = None,
    *,
    root: str | Path | None = None,
) -> "TorchDataset":
    """Return a split as a dataset of torch, for a `DataLoader` with any number of workers.

    Its items are images and labels, in the order of the classes. `labels` holds all labels,
    and `class_names` their names.

    transform: a function of a uint8 tensor (C, H, W), such as a transform of torchvision;
        None for float32 images in 0..1
    dataset, split, root: see `open_split`
    Raises the same errors as `open_split`, and DataError if `transform` is not a function.
    """
    from fewbench.baselines.torch_dataset import TorchDataset

    return TorchDataset(open_split(dataset, split, root=root), transform)


def load_weights(
    path: str | Path,
    backbone: str | None = None,
    *,
    width: int | None = None,
    head: str | None = None,
    image_shape: tuple[int, int, int] = (84, 84, 3),
    drop: Sequence[str] = (),
    settings: "Mapping[str, str | int | float] | None" = None,
) -> "Learner":
    """Make a learner with weights that others trained, for `evaluate`.

    `learner.card.weights_file` says which tensor of the file went where.

    path: a state dict in safetensors, .npz or a format of torch.save; no code in it is run
    backbone: the network: "conv4", "conv4-strided", "mlp" or "resnet12"; None for a file
        that fewbench knows
    width: the width of the network; None for 64
    head: "protonet" (the nearest class mean) or "maml"; None for "protonet"
    image_shape: (H, W, C) of the images that the learner will see
    drop: the starts of names of tensors to leave out, such as ["fc"]
    settings: for MAML, for example {"inner_lr": 0.05, "inner_steps": 5}
    Raises fewbench.errors.UserError if the tensors do not fit the network without doubt.
    """
    from fewbench.baselines.device.choose import resolve_device
    from fewbench.baselines.weights.choice import WeightsChoice
    from fewbench.baselines.weights.load import load_weights as load

    choice = WeightsChoice(backbone, width, head, tuple(drop))
    texts = [f"{key}={value}" for key, value in (settings or {}).items()]
    device = resolve_device("cpu")
    return load(Path(path), image_shape, choice, device, settings=texts)


def save_result(
    result: "RunResult", folder: str | Path, *, overwrite: bool = False
) -> Path:
    """Write a result as a .json and an .npz file. Return the path of the .json file.

    The files are named after the protocol, the learner and its training seed.

    overwrite: whether to replace another result of the same name
    Raises ResultError if there is another result of this name and `overwrite` is False.
    """
    from fewbench.reports.result_files import save_result as save

    return save(result, Path(folder), overwrite=overwrite)


def load_results(*paths: str | Path) -> "list[RunResult]":
    """Read the results in folders and .json files, sorted by file name.

    Their episodes are drawn again and compared.
    Raises ResultError if a folder has no results, if a result is damaged or edited, or if
    it does not fit its protocol or its dataset.
    """
    from fewbench.benchmark.verification.load import load_results as load

    return load(Path(path) for path in paths)


def find_protocol(
    name: str,
    *,
    dataset: str | None = None,
    split: str | None = None,
    way: int | None = None,
    shot: int | None = None,
    query: int | None = None,
    seed: int | None = None,
    n_episodes: int | None = None,
    disjoint: bool = False,
    root: str | Path | None = None,
) -> "EvalProtocol":
    """Return a protocol by name, with changes. Each change shows in the new name.

    dataset: the dataset to use instead of the protocol's
    shot, query: the number of images for each class
    n_episodes: the number of episodes, counted from the first
    disjoint: whether episodes share no image; if `n_episodes` is None, there are then
        as many episodes as the split allows
    root: the folder with the built datasets, for a protocol on your own images
    Raises DataError if the name is unknown, or if a value is out of range. The error for
    an unknown name suggests similar names.
    """
    from fewbench.benchmark.protocols.catalogue import find_protocol as find

    return find(
        name,
        dataset=dataset,
        split=split,
        way=way,
        shot=shot,
        query=query,
        seed=seed,
        n_episodes=n_episodes,
        disjoint=disjoint,
        root=None if root is None else Path(root),
    )


def interval(result: "RunResult") -> "Interval":
    """Return the 95 % interval of the mean accuracy of a result.

    The protocol of the result names the kind of interval.
    Raises ResultError if the interval cannot be computed from the episodes of the
    result.
    """
    from fewbench.reports.stats.intervals import result_interval

    return result_interval(result)


def compare(a: "RunResult", b: "RunResult", *, level: float = 0.95) -> "Comparison":
    """Compare two results on the same episodes: a paired t-test and a paired bootstrap.

    level: the confidence level of the intervals, between 0 and 1
    Raises ResultError if the results were not scored on the same episodes.
    """
    from fewbench.reports.stats.comparisons import compare as compare_pair

    return compare_pair(a, b, level)


def write_report(results: "Sequence[RunResult]", folder: str | Path) -> list[Path]:
    """Write tables, plots and a web page about results. Return the paths of all files.

    Published numbers are shown beside the results that they can be compared with.
    Raises ResultError if `results` is empty.
    """
    from fewbench.benchmark.published_numbers import published_numbers
    from fewbench.reports.report import write_report as write

    return write(results, Path(folder), published=published_numbers())
