"""What a file or folder is: which dataset, in which form, how its pixels were made, what to do."""

import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..archives.signatures import describe_head
from ..info import DataError, Request
from ..layouts.pixels import channel_order
from ..layouts.source_files import PICTURES, Findings, Found, open_findings
from ..miniimagenet import ravi_split
from ..pickles.arrays import text
from ..store.split_store import SplitStore
from ..tieredimagenet import ren_split
from .resampling import sizes_of

_WNID = re.compile(r"(?:^|/)(n\d{8})(?:/|\.tar$)")
_RAVI_NAME = re.compile(r"(?:^|/)(n\d{8})\d{8}\.(?:jpe?g|png)$", re.IGNORECASE)
_OMNIGLOT = re.compile(r"(?:^|/)([^/]+/character\d\d)/\d{4}_\d\d\.png$")


@dataclass(frozen=True)
class Identity:
    """One file, or all pictures of a source, and what to do with it; "" is what cannot be told."""

    what: str
    dataset: str = ""
    form: str = ""
    split: str = ""
    shape: str = ""
    channels: str = ""
    resampling: str = ""
    advice: str = ""


def identify(path: Path) -> dict[str, Identity]:
    """Name within the source -> what it is. Raises DataError when the source cannot be opened."""
    findings = open_findings(Request(path, allow_missing=True))
    known = {
        one.name: _guarded(findings, one) for one in findings.files if not _is_ours(one)
    }
    pictures = [name for name in findings.tree.names() if _is_picture(name)]
    if pictures:
        known[f"{len(pictures)} pictures or inner tars"] = _pictures(findings, pictures)
    if not known:
        known["."] = Identity(
            "nothing that fewbench knows", advice="name another file or folder"
        )
    return {
        name: replace(
            one, advice=one.advice.replace("PATH", shlex.quote(findings.tree.label))
        )
        for name, one in known.items()
    }


def _is_ours(one: Found) -> bool:
    """The small files that stand beside datasets and say nothing of them."""
    return one.kind == "unknown" and one.name.endswith((".json", ".md", ".sha256"))


def _guarded(findings: Findings, one: Found) -> Identity:
    """A damaged or hostile file is an answer too."""
    try:
        return _KINDS[one.kind](findings, one)
    except DataError as error:
        return Identity(f"refused: {error}", advice="get the file again")


def _pickle(findings: Findings, one: Found) -> Identity:
    value, table = findings.value(one), findings.table(one)
    if {"image_data", "class_dict"} <= table.keys():
        names = [text(name) for name in table["class_dict"]]
        return _mini(names, "mini-imagenet-cache pickle", table["image_data"])
    if {"data", "labels"} <= table.keys():
        return _labelled(one, table)
    if "label_specific" in table or "labels" in table:
        return _labels(one, table)
    first = value[0] if isinstance(value, list) and value else None
    if (
        first is not None
        and hasattr(first, "tobytes")
        and first.tobytes().startswith(b"\x89PNG")
    ):
        return _tiered_images(one, len(value))
    return Identity(
        "a pickle of something else", advice="no dataset that fewbench builds"
    )


def _labelled(one: Found, table: dict[str, Any]) -> Identity:
    data = table["data"]
    if data.shape[1:] != (84, 84, 3):
        what = f"a labelled pickle of {data.shape[0]} images {data.shape[1:]}"
        return Identity(
            f"{what}, as of CIFAR-FS or FC100", advice="fewbench does not build it"
        )
    extra = one.stem.endswith(("train_phase_val", "train_phase_test"))
    what = "other images of the train classes, left out" if extra else ""
    split = "train" if "train_phase" in one.stem else one.stem.rpartition("_")[2]
    return Identity(
        f"miniImageNet_category_split pickle, {data.shape[0]:,} images"
        + (what and f" ({what})"),
        "miniimagenet",
        "category split pickle",
        split,
        _shape(data),
        channel_order(data),
        "cv2-linear, if it was made from the published images: not stated",
        _BUILD.format("miniimagenet"),
    )


def _mini(names: Sequence[str], form: str, array: Any) -> Identity:
    numbers = ravi_split().numbers
    shared = [name for name in names if name in numbers]
    if len(shared) < len(names):
        return Identity(
            f"{form} with another class list: {len(shared)} of {len(names)} classes are those of "
            f"Ravi & Larochelle",
            form=form,
            shape=_shape(array),
            channels=channel_order(array),
            advice="not this dataset; perhaps the class list of Vinyals et al. (2016)",
        )
    return Identity(
        f"miniImageNet, {form}, {len(names)} classes",
        "miniimagenet",
        form,
        _splits(numbers[name][0] for name in shared),
        _shape(array),
        channel_order(array),
        "cv2-linear, as published",
        _BUILD.format("miniimagenet"),
    )


def _labels(one: Found, table: dict[str, Any]) -> Identity:
    words = [text(name) for name in table.get("label_specific_str", ())]
    known, classes = ren_split().by_words(), ren_split().classes
    wnids = [
        known.get(" ".join(word.replace("_", " ").lower().split())) for word in words
    ]
    found = [wnid for wnid in wnids if wnid]
    kind = "labels" if words else "labels without class names"
    return Identity(
        f"tieredImageNet {kind}, {len(found)} of {len(words)} class names known",
        "tieredimagenet",
        "labels pickle",
        _splits(classes[wnid][0] for wnid in found) or _split_in(one.stem),
        advice="keep it beside the images of its split",
    )


def _tiered_images(one: Found, n_images: int) -> Identity:
    by_count = {448_695: "train", 124_261: "val", 206_209: "test"}
    return Identity(
        f"tieredImageNet PNGs, {n_images:,} images",
        "tieredimagenet",
        "images_png pickle",
        by_count.get(n_images, _split_in(one.stem)),
        "PNG",
        "RGB (as PNG stores them)",
        "cv2-cubic, as published",
        _BUILD.format("tieredimagenet"),
    )


def _groups(findings: Findings, one: Found) -> Identity:
    try:
        store = SplitStore(Path(one.tree.label) / one.name)
    except DataError:
        pass
    else:
        state = "partial build" if store.partial else "build"
        return Identity(
            f"fewbench's own split of {store.dataset}, {state}",
            store.dataset,
            "fewbench split",
            store.split,
            str(store.image_shape),
            store.attributes["polarity"],
            store.attributes["resampling"],
            f"fewbench data verify {store.dataset}",
        )
    groups = findings.value(one)
    first = next(iter(groups.values()), None)
    if first is not None and not first.encoded:
        return _mini(list(groups), "torchmeta HDF5", first)
    known, classes = ren_split().by_words(), ren_split().classes
    found = [known[name.lower()] for name in groups if name.lower() in known]
    return Identity(
        f"torchmeta's HDF5 of encoded pictures, {len(found)} of {len(groups)} classes are "
        f"tieredImageNet's",
        "tieredimagenet" if len(found) == len(groups) else "",
        "torchmeta HDF5",
        _splits(classes[wnid][0] for wnid in found),
        "encoded pictures",
        "RGB (as PNG stores them)",
        "cv2-cubic, as published",
        _BUILD.format("tieredimagenet"),
    )


def _npz(findings: Findings, one: Found) -> Identity:
    images = findings.value(one).get("images")
    if images is None or images.shape[1:] != (84, 84, 3):
        return Identity(
            "an npz of something else", advice="no dataset that fewbench builds"
        )
    return Identity(
        f"tieredImageNet npz, {len(images):,} images",
        "tieredimagenet",
        "npz",
        _split_in(one.stem),
        _shape(images),
        f"BGR as published; measured: {channel_order(images) or 'cannot be told'}",
        "cv2-cubic, as published",
        _BUILD.format("tieredimagenet"),
    )


def _csv(_: Findings, one: Found) -> Identity:
    head = one.lines()[:1]
    if head == ["filename,label"]:
        return Identity(
            "a list of Ravi & Larochelle's form", "miniimagenet", "CSV", one.stem
        )
    if head == ["filename,class"]:
        return Identity(
            "the class list of Vinyals et al. (2016)",
            form="CSV",
            advice="not the miniImageNet that is built here: 6 of 100 classes are shared",
        )
    return Identity("a CSV of something else")


def _other(_: Findings, one: Found) -> Identity:
    span = one.span()
    return Identity(describe_head(span.read_at(0, min(512, len(span)))))


def _pictures(findings: Findings, names: list[str]) -> Identity:
    ravi = {match[1] for name in names if (match := _RAVI_NAME.search(name))}
    wnids = {match[1] for name in names if (match := _WNID.search(name))}
    letters = {match[1] for name in names if (match := _OMNIGLOT.search(name))}
    mini, tiered = ravi_split().numbers, ren_split().classes
    size = sizes_of(findings.tree, names)
    if ravi & mini.keys():
        share = (
            f"{len(ravi & mini.keys())} of 100 classes of miniImageNet by Ravi's names"
        )
        advice = _BUILD.format("miniimagenet")
        return Identity(
            share,
            "miniimagenet",
            "named images",
            shape=size,
            channels="RGB",
            advice=advice,
        )
    if (wnids & mini.keys()) or (wnids & tiered.keys()):
        return _imagenet(wnids, names, size)
    if letters:
        share, advice = (
            f"{len(letters)} characters of Omniglot",
            _BUILD.format("omniglot"),
        )
        return Identity(
            share, "omniglot", "images", shape=size, channels="ink is 0", advice=advice
        )
    return Identity(f"{len(names)} pictures of something else", shape=size)


def _imagenet(wnids: set[str], names: list[str], size: str) -> Identity:
    """Pictures or inner tars of classes of which some are ours."""
    mini, tiered = ravi_split().numbers, ren_split().classes
    in_mini, in_tiered = wnids & mini.keys(), wnids & tiered.keys()
    best = (
        "miniimagenet"
        if len(in_mini) == len(mini) or not in_tiered
        else "tieredimagenet"
    )
    # A whole training set has hundreds of pictures, or an inner tar, for each class.
    whole = len(in_tiered) == len(tiered) or len(in_mini) == len(mini)
    whole &= len(names) >= 600 * len(wnids) or names[0].endswith(".tar")
    return Identity(
        f"{len(wnids)} ImageNet classes: {len(in_mini)} of miniImageNet's {len(mini)}, "
        f"{len(in_tiered)} of tieredImageNet's {len(tiered)}",
        dataset=best,
        form="class folders or tars",
        shape=size,
        channels="RGB",
        advice=_BUILD.format(best) + ("" if whole else " --allow-missing"),
    )


def _shape(array: Any) -> str:
    return " x ".join(map(str, array.shape))


def _splits(found: Iterable[str]) -> str:
    return "+".join(sorted(set(found)))


def _split_in(stem: str) -> str:
    return next((split for split in ("train", "val", "test") if split in stem), "")


def _is_picture(name: str) -> bool:
    return name.lower().endswith(PICTURES) or _WNID.search(name) is not None


_BUILD = "fewbench data build {} --source PATH"
_KINDS: dict[str, Callable[[Findings, Found], Identity]] = {
    "pickle": _pickle,
    "groups": _groups,
    "npz": _npz,
    "csv": _csv,
    "text": _other,
    "unknown": _other,
}
