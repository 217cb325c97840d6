"""miniImageNet: 100 classes of ILSVRC2012 with 600 images each, 84 x 84 RGB.

The classes are those of Ravi & Larochelle (2017). Published copies have several layouts
of files, and several filters resized their images. A source is recognised by its
contents. All layouts give the same class names, image names and order, so equal pixels
have equal hashes. The dataset of Vinyals et al. (2016) has the same name, but only 6 of
the 100 classes are the same. It is refused.
"""

from functools import cache, partial

from .identity import Found, Identity
from .info import DatasetInfo, ExportNames, Listing, Request, Source, SplitCounts
from .layouts.ilsvrc import read_counts
from .layouts.miniimagenet import MiniImageNetLayouts
from .layouts.miniimagenet_identity import recognise_mini
from .layouts.ravi_split import RaviSplit
from .layouts.search import Search, first_listing, originals_in, variants
from .layouts.source_files import open_source
from .splits import read_classes, read_split

_SPLIT = "miniimagenet_ravi"
_SIDE = 84
_PUBLISHED = "cv2-linear"  # The published images do not keep the aspect ratio.
_MAPPING_SHA256 = {
    "train": "6984edf45f15a6b2799ae7c53db6ad53f7b6ee4ce41802da684357eadc173e5d",
    "val": "5962a6cbdd67b2950220ab134a50a30f4a061fba2cfa8b58cc9c3435343557b4",
    "test": "cf7591ceeaffed4d99cf06b7d55fb0bb7c5eae988c6995dd04d47dea0404a8e9",
}


@cache
def ravi_split() -> RaviSplit:
    """Return the split of Ravi & Larochelle."""
    numbers = {}
    for wnid, line in read_classes(_SPLIT).items():
        numbers_of_class = tuple(map(int, line.facts.split()))
        numbers[wnid] = (line.split, numbers_of_class)
    counts = {}
    for wnid, (fewest, most) in read_counts(numbers).items():
        _, numbers_of_class = numbers[wnid]
        # A class has at least as many images as its highest image number in the list.
        counts[wnid] = (max(fewest, *numbers_of_class), most)
    return RaviSplit(numbers, _MAPPING_SHA256, counts)


def list_classes(
    request: Request,
    resampling: str,
    ravi: RaviSplit | None = None,
    side: int = _SIDE,
) -> Listing:
    """Return the classes of miniImageNet in a source with any known layout.

    resampling: the filter that resizes images of full size
    ravi: a split to use in tests; None for the published split
    side: the height and width of the images; another one than 84 needs originals
    Raises DataError if the layout is unknown, or if the source is damaged or contains
        another dataset.
    """
    search = Search(
        files=open_source(request),
        dataset="miniimagenet",
        shape=(side, side, 3),
        resampling=resampling,
        published=_PUBLISHED,
        allow_missing=request.allow_missing,
        usual_side=_SIDE,
    )
    layouts = MiniImageNetLayouts(search, ravi or ravi_split())
    with_files = (layouts.from_named_images, layouts.from_ilsvrc)
    with_arrays = (layouts.from_cache, layouts.from_category_split, layouts.from_groups)
    if search.is_other_size:
        # Arrays hold images that were resized already.
        return first_listing(search, with_files)
    return first_listing(search, (*with_arrays, *with_files))


def recognise(found: Found) -> Identity | None:
    """Identify a file or images of miniImageNet; None if they are something else."""
    return recognise_mini(found, ravi_split())


_RECORD = "https://zenodo.org/api/records/7978538"
_BY_HAND = (
    "get the archive mini-imagenet.tar.gz, which has the same files, from "
    "github.com/renmengye/few-shot-ssl-public (Google Drive file "
    "16V_ZlkW4SsnNDtnGmaBRq2OoPmUOc5mY, md5 b38f1eb4251fb9459ecc8e7febf9b2eb), and "
    "skip steps 2 and 3: type fewbench data build miniimagenet --source ARCHIVE"
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
        most_bytes=2**32,
        record=_RECORD,
        by_hand=_BY_HAND,
    )


_FULL_SIZE_LAYOUTS = (
    "images named as in the CSVs of Ravi & Larochelle, with or without the CSVs",
    "ILSVRC2012's training set: class folders, or the tar with a tar for each class",
)
INFO = DatasetInfo(
    name="miniimagenet",
    title="miniImageNet, 84 px, split of Ravi & Larochelle",
    image_shape=(_SIDE, _SIDE, 3),
    splits={
        "train": SplitCounts(64, 38400),
        "val": SplitCounts(16, 9600),
        "test": SplitCounts(20, 12000),
    },
    split_scheme=_SPLIT,
    resampling=_PUBLISHED,
    polarity="RGB",
    licence="ImageNet: non-commercial research",
    citation="Vinyals et al. Matching networks for one shot learning. NeurIPS 2016. Split: Ravi, "
    "Larochelle. Optimization as a model for few-shot learning. ICLR 2017.",
    list_classes=partial(list_classes, resampling=_PUBLISHED),
    class_list=partial(read_split, _SPLIT),
    recognise=recognise,
    published_split="ravi",
    export=ExportNames(cache="mini-imagenet"),
    sources=(
        _cache_file("train", "9g8c6w345s2ek03"),
        _cache_file("validation", "ip1b7se3gij3r1b"),
        _cache_file("test", "ye9jeb5tyz0x01b"),
    ),
    layouts=(
        "mini-imagenet-cache-{train,val,test}.pkl, loose or in a tar.gz or zip",
        "miniImageNet_category_split_*.pickle (only the 600 images of each class are "
        "used)",
        "torchmeta's {train,val,test}_data.hdf5",
        *_FULL_SIZE_LAYOUTS,
    ),
    originals=originals_in(_FULL_SIZE_LAYOUTS),
)
VARIANTS = variants(INFO, list_classes, _FULL_SIZE_LAYOUTS)
