"""miniImageNet: 100 classes of ILSVRC2012, 600 images each, 84 x 84 RGB (Ravi & Larochelle 2017).

It is passed around in several layouts, and its pixels were made by several filters. A
source is recognised by its contents. All layouts give the same class names, image names and
order, so equal pixels have equal hashes. The dataset of Vinyals et al. (2016) has the same
name but shares only 6 of the 100 classes; it is refused.
"""

from functools import cache, partial

from .info import DatasetInfo, Listing, Request, Source, SplitCounts
from .layouts.ilsvrc import read_counts
from .layouts.miniimagenet import MiniImageNetLayouts
from .layouts.ravi_split import RaviSplit
from .layouts.search import Search, first_listing, variants
from .layouts.source_files import open_source
from .splits import read_classes

_SHAPE = (84, 84, 3)
_PUBLISHED = "cv2-linear"  # aspect ratio not kept
_MAPPING_SHA256 = {
    "train": "6984edf45f15a6b2799ae7c53db6ad53f7b6ee4ce41802da684357eadc173e5d",
    "val": "5962a6cbdd67b2950220ab134a50a30f4a061fba2cfa8b58cc9c3435343557b4",
    "test": "cf7591ceeaffed4d99cf06b7d55fb0bb7c5eae988c6995dd04d47dea0404a8e9",
}


@cache
def ravi_split() -> RaviSplit:
    """The split of Ravi & Larochelle."""
    numbers = {}
    for wnid, line in read_classes("miniimagenet_ravi").items():
        numbers_of_class = tuple(map(int, line.facts.split()))
        numbers[wnid] = (line.split, numbers_of_class)
    counts = {}
    for wnid, (fewest, most) in read_counts(numbers).items():
        _, numbers_of_class = numbers[wnid]
        # A class has at least as many images as the highest number in the list.
        counts[wnid] = (max(fewest, *numbers_of_class), most)
    return RaviSplit(numbers, _MAPPING_SHA256, counts)


def list_classes(
    request: Request, resampling: str, ravi: RaviSplit | None = None
) -> Listing:
    """The classes of miniImageNet in a source of any known layout.

    resampling: the filter for images at full size
    ravi: another split, for tests
    Raises DataError when the source has no known layout, is damaged, or is another dataset.
    """
    search = Search(
        files=open_source(request),
        dataset="miniimagenet",
        shape=_SHAPE,
        resampling=resampling,
        published=_PUBLISHED,
        allow_missing=request.allow_missing,
    )
    layouts = MiniImageNetLayouts(search, ravi or ravi_split())
    return first_listing(
        search,
        (
            layouts.from_cache,
            layouts.from_category_split,
            layouts.from_groups,
            layouts.from_named_images,
            layouts.from_ilsvrc,
        ),
    )


_RECORD = "https://zenodo.org/api/records/7978538"
_BY_HAND = (
    "mini-imagenet.tar.gz of github.com/renmengye/few-shot-ssl-public holds the same files: Google "
    "Drive file 16V_ZlkW4SsnNDtnGmaBRq2OoPmUOc5mY, md5 b38f1eb4251fb9459ecc8e7febf9b2eb; "
    "with it, type instead: fewbench data build miniimagenet --source ARCHIVE"
)
_ZENODO = "https://zenodo.org/record/7978538/files/"
_DROPBOX = "https://www.dropbox.com/s/"


def _cache_file(split: str, dropbox_key: str) -> Source:
    name = f"mini-imagenet-cache-{split}.pkl"
    return Source(
        name,
        urls=(
            f"{_ZENODO}{name}",
            f"{_DROPBOX}{dropbox_key}/{name}?dl=1",
        ),
        record=_RECORD,
        by_hand=_BY_HAND,
    )


_FULL_SIZE_LAYOUTS = (
    "images named as in the CSVs of Ravi & Larochelle, with the CSVs or without",
    "ILSVRC2012's training set: class folders, or the tar of tars",
)
INFO = DatasetInfo(
    name="miniimagenet",
    title="miniImageNet, 84 px, split of Ravi & Larochelle",
    image_shape=_SHAPE,
    splits={
        "train": SplitCounts(64, 38400),
        "val": SplitCounts(16, 9600),
        "test": SplitCounts(20, 12000),
    },
    split_scheme="miniimagenet_ravi",
    resampling=_PUBLISHED,
    polarity="RGB",
    licence="ImageNet: non-commercial research",
    citation="Vinyals et al. Matching networks for one shot learning. NeurIPS 2016. Split: Ravi, "
    "Larochelle. Optimization as a model for few-shot learning. ICLR 2017.",
    list_classes=partial(list_classes, resampling=_PUBLISHED),
    sources=(
        _cache_file("train", "9g8c6w345s2ek03"),
        _cache_file("validation", "ip1b7se3gij3r1b"),
        _cache_file("test", "ye9jeb5tyz0x01b"),
    ),
    layouts=(
        "mini-imagenet-cache-{train,val,test}.pkl, loose or in a tar.gz or zip",
        "miniImageNet_category_split_*.pickle (the 600 images of each class are taken)",
        "torchmeta's {train,val,test}_data.hdf5",
        *_FULL_SIZE_LAYOUTS,
    ),
)
VARIANTS = variants(INFO, list_classes, _FULL_SIZE_LAYOUTS)
