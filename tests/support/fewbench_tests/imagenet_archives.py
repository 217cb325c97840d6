"""Small ImageNet-like datasets, written in every layout that fewbench reads."""

import hashlib
import io
import json
import pickle
import shutil
import tarfile
import zipfile
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from fewbench.datasets import miniimagenet, tieredimagenet
from fewbench.datasets.info import SplitCounts
from fewbench.datasets.layouts.ravi_split import RaviSplit
from fewbench.datasets.layouts.ren_split import RenSplit

SPLITS = ("train", "val", "test")
PER_FOLDER = 9  # files of a class in the small ILSVRC
NUMBERS = (2, 3, 5, 9)  # of which these, counted from 1, are in the small miniImageNet


def file_names(wnid: str) -> list[str]:
    """Names in numeric order, which is not the order of their letters."""
    return [
        f"{wnid}_{number}.JPEG"
        for number in (7, 12, 30, 101, 115, 1000, 2003, 9999, 10001)
    ]


@cache
def jpeg(wnid: str, k: int, side: int = 84) -> bytes:
    """The k-th image of a class: coarse noise, as JPEG."""
    rng = np.random.default_rng([int(wnid[1:]), k])
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    coarse.resize((side, side), Image.Resampling.BICUBIC).save(
        buffer, "JPEG", quality=90
    )
    return buffer.getvalue()


@cache
def pixels(wnid: str, k: int) -> np.ndarray:
    """uint8 (84, 84, 3)"""
    return np.array(Image.open(io.BytesIO(jpeg(wnid, k))).convert("RGB"))


def png(image: np.ndarray) -> bytes:
    return _png(image.tobytes(), image.shape)


@cache
def _png(data: bytes, shape: tuple[int, ...]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.frombuffer(data, np.uint8).reshape(shape)).save(buffer, "PNG")
    return buffer.getvalue()


def _some(names: list[str], count: int) -> list[str]:
    return sorted(names)[:count]


def _small_ravi() -> RaviSplit:
    numbers, lines = {}, dict.fromkeys(SPLITS, "")
    for split, count in zip(SPLITS, (3, 2, 2), strict=True):
        every = miniimagenet.ravi_split().numbers
        for wnid in _some(
            [w for w, (where, _) in every.items() if where == split], count
        ):
            numbers[wnid] = (split, NUMBERS)
            for n in NUMBERS:
                lines[split] += f"{wnid}{n:08d}\t{file_names(wnid)[n - 1]}\n"
    mapping = {
        split: hashlib.sha256(text.encode()).hexdigest()
        for split, text in lines.items()
    }
    return RaviSplit(numbers, mapping, dict.fromkeys(numbers, (PER_FOLDER, PER_FOLDER)))


def _small_ren() -> RenSplit:
    classes = {}
    for split in SPLITS:
        every = tieredimagenet.ren_split().classes
        kinds = _some(
            list({kind for where, kind, _ in every.values() if where == split}), 2
        )
        for kind in kinds:
            members = [
                w
                for w, (where, one, _) in every.items()
                if (where, one) == (split, kind)
            ]
            classes |= {wnid: every[wnid] for wnid in _some(members, 2)}
    return RenSplit(classes, dict.fromkeys(classes, (PER_FOLDER, PER_FOLDER)))


RAVI, REN = _small_ravi(), _small_ren()
MINI = replace(
    miniimagenet.INFO,
    splits={
        split: SplitCounts(n := len(of), n * len(NUMBERS))
        for split in SPLITS
        if (of := [w for w in RAVI.numbers if RAVI.split(w) == split])
    },
    list_classes=partial(miniimagenet.list_classes, resampling="cv2-linear", ravi=RAVI),
)
TIERED = replace(
    tieredimagenet.INFO,
    splits={split: SplitCounts(4, 4 * PER_FOLDER) for split in SPLITS},
    list_classes=partial(tieredimagenet.list_classes, resampling="cv2-cubic", ren=REN),
)


def mini_arrays(split: str) -> dict[str, np.ndarray]:
    """wnid -> uint8 (4, 84, 84, 3) of the small miniImageNet."""
    wnids = [wnid for wnid in sorted(RAVI.numbers) if RAVI.split(wnid) == split]
    return {wnid: np.stack([pixels(wnid, n - 1) for n in NUMBERS]) for wnid in wnids}


def tiered_arrays(split: str) -> dict[str, np.ndarray]:
    """wnid -> uint8 (9, 84, 84, 3) of the small tieredImageNet."""
    wnids = [wnid for wnid, (where, _, _) in REN.classes.items() if where == split]
    return {
        wnid: np.stack([pixels(wnid, k) for k in range(PER_FOLDER)]) for wnid in wnids
    }


def dump(path: Path, value: object, protocol: int) -> None:
    path.write_bytes(pickle.dumps(value, protocol))


def write_cache(folder: Path, *, protocol: int = 2, as_bytes: bool = False) -> Path:
    """mini-imagenet-cache-*.pkl"""
    for split in SPLITS:
        arrays = mini_arrays(split)
        starts = range(0, len(arrays) * len(NUMBERS), len(NUMBERS))
        rows = {
            wnid.encode() if as_bytes else wnid: list(
                range(start, start + len(NUMBERS))
            )
            for wnid, start in zip(arrays, starts, strict=True)
        }
        table = {
            "image_data": np.concatenate(list(arrays.values())),
            "class_dict": rows,
        }
        keyed = {key.encode() if as_bytes else key: item for key, item in table.items()}
        dump(folder / f"mini-imagenet-cache-{split}.pkl", keyed, protocol)
    return folder


def write_category_split(folder: Path, *, stated: bool = True) -> Path:
    """miniImageNet_category_split_*.pickle with other images of the train classes beside them."""
    for split in SPLITS:
        arrays = mini_arrays(split)
        first = {"train": 0, "val": 64, "test": 80}[split]
        labels = {wnid: first + i for i, wnid in enumerate(arrays)}
        table: dict[str, object] = {
            "data": np.concatenate(list(arrays.values())),
            "labels": [labels[wnid] for wnid in arrays for _ in NUMBERS],
        }
        if stated:
            table["catname2label"] = labels
        name = "train_phase_train" if split == "train" else split
        dump(folder / f"miniImageNet_category_split_{name}.pickle", table, 2)
    extra = {"data": np.zeros((6, 84, 84, 3), np.uint8), "labels": [0, 0, 1, 1, 2, 2]}
    for name in ("train_phase_val", "train_phase_test"):
        dump(folder / f"miniImageNet_category_split_{name}.pickle", extra, 2)
    return folder


def write_mini_groups(folder: Path) -> Path:
    """torchmeta's HDF5 of miniImageNet."""
    for split in SPLITS:
        with h5py.File(folder / f"{split}_data.hdf5", "w") as file:
            group = file.create_group("datasets")
            for wnid, images in mini_arrays(split).items():
                group.create_dataset(wnid, data=images)
        (folder / f"{split}_labels.json").write_text(
            json.dumps(sorted(mini_arrays(split)))
        )
    return folder


def write_named_images(folder: Path) -> Path:
    """images/ and the CSVs."""
    (folder / "images").mkdir()
    for split in SPLITS:
        lines = "filename,label\n"
        for wnid in mini_arrays(split):
            for n in NUMBERS:
                name = f"{wnid}{n:08d}.jpg"
                (folder / "images" / name).write_bytes(jpeg(wnid, n - 1))
                lines += f"{name},{wnid}\n"
        (folder / f"{split}.csv").write_text(lines)
    return folder


def write_class_folders(folder: Path, wnids: list[str]) -> Path:
    """ILSVRC2012's training set, unpacked."""
    for wnid in wnids:
        (folder / "train" / wnid).mkdir(parents=True)
        for k, name in enumerate(file_names(wnid)):
            (folder / "train" / wnid / name).write_bytes(jpeg(wnid, k))
    return folder


def write_tar_of_tars(folder: Path, wnids: list[str]) -> Path:
    """ILSVRC2012_img_train.tar"""
    with tarfile.open(folder / "ILSVRC2012_img_train.tar", "w") as outer:
        for wnid in wnids:
            inner_file = io.BytesIO()
            with tarfile.open(fileobj=inner_file, mode="w") as inner:
                # In the real archive files do not stand in the order of their numbers.
                for k, name in sorted(
                    enumerate(file_names(wnid)), key=lambda pair: pair[1]
                ):
                    add(inner, name, jpeg(wnid, k))
            add(outer, f"{wnid}.tar", inner_file.getvalue())
    return folder


def add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


def pack(folder: Path, name: str) -> Path:
    """The files of a folder in one archive, whose kind the name tells; the archive's path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    target = folder.parent / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in files:
                archive.write(path, path.relative_to(folder).as_posix())
        return target
    mode = {"gz": "w:gz", "bz2": "w:bz2", "tar": "w"}[name.rpartition(".")[2]]
    with tarfile.open(target, mode) as archive:  # pyright: ignore[reportCallIssue, reportArgumentType]
        for path in files:
            add(archive, path.relative_to(folder).as_posix(), path.read_bytes())
    return target


def pack_each(folder: Path, *endings: str, flat: bool = False) -> Path:
    """A folder with an archive for each file or folder at the top of another folder.

    endings: one for each archive, in turn; "" leaves a file or folder as it is
    flat: whether the archive of a folder lacks the folder itself
    """
    target = folder.parent / f"{folder.name} packed"
    target.mkdir()
    for place, path in enumerate(sorted(folder.iterdir())):
        ending = endings[place % len(endings)]
        if not ending:
            path.rename(target / path.name)
            continue
        alone = folder.parent / "alone"
        alone.mkdir()
        if flat and path.is_dir():
            path.rename(alone / "inside")
            packed = pack(alone / "inside", f"alone{ending}")
        else:
            path.rename(alone / path.name)
            packed = pack(alone, f"alone{ending}")
        packed.rename(target / f"{path.stem}{ending}")
        shutil.rmtree(alone)
    return target


def write_split_folders(folder: Path) -> Path:
    """<split>/<wnid>/<image name>.jpg"""
    for split in SPLITS:
        for wnid in mini_arrays(split):
            place = folder / split / wnid
            place.mkdir(parents=True)
            for n in NUMBERS:
                (place / f"{wnid}{n:08d}.jpg").write_bytes(jpeg(wnid, n - 1))
    return folder


def tiered_labels(split: str, *, old: bool = False) -> dict[str, object]:
    """The labels pickle of one split; old: as before its authors mended the categories."""
    wnids = list(tiered_arrays(split))
    kinds = [REN.classes[wnid][1] for wnid in wnids]
    general = [
        (i if old else sorted(set(kinds)).index(kind))
        for i, kind in enumerate(kinds)
        for _ in range(PER_FOLDER)
    ]
    return {
        "label_specific": np.repeat(np.arange(len(wnids)), PER_FOLDER).astype(np.int32),
        "label_general": np.array(general, np.int32),
        "label_specific_str": [REN.classes[wnid][2] for wnid in wnids],
        "label_general_str": dict(enumerate(sorted(set(kinds)))),
    }


def write_tiered_pickles(
    folder: Path, *, protocol: int = 2, column: bool = True, old: bool = False
) -> Path:
    """*_images_png.pkl and *_labels.pkl; column: arrays (n, 1) as older OpenCV made them."""
    for split in SPLITS:
        images = np.concatenate(list(tiered_arrays(split).values()))
        encoded = [np.frombuffer(png(image), np.uint8) for image in images]
        shaped = [one.reshape(-1, 1) if column else one for one in encoded]
        dump(folder / f"{split}_images_png.pkl", shaped, protocol)
        dump(folder / f"{split}_labels.pkl", tiered_labels(split, old=old), protocol)
    return folder


def write_npz(folder: Path, *, named: bool = True, packed: bool = False) -> Path:
    """*_images.npz in OpenCV's channel order and *_labels.pkl."""
    for split in SPLITS:
        images = np.concatenate(list(tiered_arrays(split).values()))[..., ::-1]
        save = np.savez_compressed if packed else np.savez
        save(folder / f"{split}_images.npz", images=images)
        labels = tiered_labels(split)
        bare = {"labels": labels["label_specific"].tolist()}  # pyright: ignore[reportAttributeAccessIssue]
        dump(folder / f"{split}_labels.pkl", labels if named else bare, 2)
    return folder


def write_tiered_groups(folder: Path) -> Path:
    """torchmeta's HDF5 of tieredImageNet: PNGs of each class, called by its words."""
    for split in SPLITS:
        with h5py.File(folder / f"{split}_data.hdf5", "w") as file:
            group = file.create_group("datasets")
            for wnid, images in tiered_arrays(split).items():
                found = group.create_dataset(
                    REN.classes[wnid][2], (len(images),), h5py.vlen_dtype(np.uint8)
                )
                for i, image in enumerate(images):
                    found[i] = np.frombuffer(png(image), np.uint8)
    return folder
