"""Find the images of an episode file in a build, by their names."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np

from fewbench.documents import shown

from ...datasets.catalogue import find_dataset
from ...datasets.episodes import EpisodeBatch
from ...datasets.info import DataError
from ...datasets.view import ImageView
from .episode_files import EpisodeFile
from .names import extended_name, with_fitting_name
from .stream import EpisodeStream, open_stream, protocol_view


def stream_of_file(
    file: EpisodeFile, root: Path, dataset: str | None = None
) -> EpisodeStream:
    """Return the episodes of a file, with their images in a build.

    The returned protocol keeps its name if it draws exactly the same episodes from this
    build. Otherwise its name ends in "-listed".

    root: the folder with the built datasets
    dataset: the dataset to use instead of the dataset in the file; None for no change
    Raises DataError if the dataset is unknown or not built, or if the build lacks an
    image.
    """
    protocol = with_fitting_name(file.protocol)
    if dataset and dataset != protocol.dataset:
        find_dataset(dataset, root)
        name = extended_name(protocol.name, f"-on-{dataset}")
        protocol = replace(protocol, dataset=dataset, name=name)
    view = protocol_view(protocol, root)
    classes, images = find_images(file, view)
    support = images[..., : protocol.n_shot]
    query = images[..., protocol.n_shot :]
    episodes = EpisodeBatch(classes, support, query)
    stream = EpisodeStream(protocol, view, episodes)
    if protocol.sampling == "listed" or _are_those_of_protocol(stream, root):
        return stream
    # The other formulas for the ± depend on how the episodes were drawn, which is not
    # known here.
    listed = replace(
        protocol,
        sampling="listed",
        interval="episodes-t",
        name=extended_name(protocol.name, "-listed"),
    )
    return replace(stream, protocol=listed)


def find_images(file: EpisodeFile, view: ImageView) -> tuple[np.ndarray, np.ndarray]:
    """Find the classes and images of a file's episodes in a view, by name.

    Return two arrays:
    int64 (n_episodes, n_way) indices of the classes in the view
    int64 (n_episodes, n_way, n_shot + n_query) indices of the images in the view
    Raises DataError if an episode uses a class or an image that the view lacks.
    """
    starts = _first_numbers(file)
    n_classes = len(starts) - 1
    n_images = starts[n_classes]
    class_starts = np.expand_dims(starts[file.classes], axis=2)
    numbers = class_starts + file.images
    used = np.zeros(n_images, bool)
    used[numbers] = True

    class_in_view = np.full(n_classes, -1)
    image_in_view = np.full(n_images, -1)
    class_indices = {}
    for index, name in enumerate(view.class_names):
        class_indices[name] = index
    for row, class_name in enumerate(file.class_images):
        start = starts[row]
        end = starts[row + 1]
        places = np.flatnonzero(used[start:end])
        if len(places) == 0:
            continue
        if class_name not in class_indices:
            _refuse_build(file, class_name)
        class_index = class_indices[class_name]
        class_in_view[row] = class_index
        by_name = _by_name(view, class_index)
        found = _find_in_class(file, class_name, places, by_name)
        image_in_view[start + places] = found
    classes = class_in_view[file.classes]
    images = image_in_view[numbers]
    return classes, images


def _first_numbers(file: EpisodeFile) -> np.ndarray:
    """Return the number of the first image in each class: int64 (n_classes + 1,).

    The images of the file are numbered from 0, class by class. The last element is the
    number of images.
    """
    sizes = list(map(len, file.class_images.values()))
    starts = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=starts[1:])
    return starts


def _find_in_class(
    file: EpisodeFile, class_name: str, places: np.ndarray, by_name: Mapping[str, int]
) -> list[int]:
    """Find some images of one class in the view. Return their indices in the view.

    class_name: the name of the class in the file
    places: indices into the file's list of image names in this class
    by_name: image name -> index in the view, for this class
    Raises DataError if the view lacks an image.
    """
    image_names = file.class_images[class_name]
    found = []
    for place in places:
        image_name = image_names[place]
        if image_name not in by_name:
            _refuse_build(file, f"{class_name}/{image_name}")
        found.append(by_name[image_name])
    return found


def _by_name(view: ImageView, class_index: int) -> Mapping[str, int]:
    """Return image name -> index in the view, for the images of a class."""
    names = view.class_image_names(class_index)
    indices = view.class_images(class_index).tolist()
    return dict(zip(names, indices, strict=True))


def _are_those_of_protocol(stream: EpisodeStream, root: Path) -> bool:
    try:
        own = open_stream(stream.protocol, root)
        return own.fingerprint == stream.fingerprint
    except DataError:  # the protocol may be unable to draw episodes from this build
        return False


def _refuse_build(file: EpisodeFile, key: str) -> NoReturn:
    dataset = file.protocol.dataset
    raise DataError(
        f"{file.path}: made from another build of {dataset}. Your build has no "
        f"'{shown(key)}'. To see how your build was made: fewbench data info "
        f"{dataset}. Then choose another build with --dataset NAME, or export the "
        f"episodes again."
    )
