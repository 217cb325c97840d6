"""tieredImageNet: 608 classes of ILSVRC2012 in 34 categories, 84 x 84 RGB (Ren et al. 2018).

No category is in two splits. The published archive holds PNGs without names, in the order
of some folder. OpenCV wrote and read them, so arrays that were unpacked from it are BGR while
the PNGs are RGB.
"""

from functools import cache, partial

from .info import DatasetInfo, Listing, Request, Source, SplitCounts
from .layouts.ilsvrc import read_counts
from .layouts.ren_split import RenSplit
from .layouts.search import Search, first_listing, variants
from .layouts.source_files import open_source
from .layouts.tieredimagenet import TieredImageNetLayouts
from .splits import read_classes

_SHAPE = (84, 84, 3)
_PUBLISHED = "cv2-cubic"  # aspect ratio not kept


@cache
def ren_split() -> RenSplit:
    """The split of Ren et al."""
    classes = {}
    for wnid, line in read_classes("tieredimagenet_ren").items():
        category, _, words = line.facts.partition(" ")
        classes[wnid] = (line.split, category, words)
    return RenSplit(classes, read_counts(classes))


def list_classes(
    request: Request, resampling: str, ren: RenSplit | None = None
) -> Listing:
    """The classes of tieredImageNet in a source of any known layout.

    resampling: the filter for images at full size
    ren: another split, for tests
    Raises DataError when the source has no known layout, is damaged, or is another dataset.
    """
    search = Search(
        files=open_source(request),
        dataset="tieredimagenet",
        shape=_SHAPE,
        resampling=resampling,
        published=_PUBLISHED,
        allow_missing=request.allow_missing,
    )
    layouts = TieredImageNetLayouts(search, ren or ren_split())
    return first_listing(
        search,
        (
            layouts.from_pickles,
            layouts.from_npz,
            layouts.from_groups,
            layouts.from_ilsvrc,
        ),
    )


_ZENODO = "https://zenodo.org/record/7978538/files/"
_BY_HAND = (
    "tiered-imagenet.tar of github.com/renmengye/few-shot-ssl-public holds the same files: Google "
    "Drive file 1g1aIDy2Ar_MViF2gDXFYDBTR-HYecV07, md5 e07e811b9f29362d159a9edd0d838c62; "
    "with it, type instead: fewbench data build tieredimagenet --source ARCHIVE"
)
_FILES = (
    "tiered-imagenet-class_names.txt",
    "tiered-imagenet-synsets.txt",
    "tiered-imagenet-train_labels.pkl",
    "tiered-imagenet-train_images_png.pkl",
    "tiered-imagenet-val_labels.pkl",
    "tiered-imagenet-val_images_png.pkl",
    "tiered-imagenet-test_labels.pkl",
    "tiered-imagenet-test_images_png.pkl",
)


def _zenodo_file(name: str) -> Source:
    return Source(
        name,
        urls=(f"{_ZENODO}{name}",),
        record="https://zenodo.org/api/records/7978538",
        by_hand=_BY_HAND,
    )


_FULL_SIZE_LAYOUTS = ("ILSVRC2012's training set: class folders, or the tar of tars",)
INFO = DatasetInfo(
    name="tieredimagenet",
    title="tieredImageNet, 84 px, split of Ren et al.",
    image_shape=_SHAPE,
    splits={
        "train": SplitCounts(351, 448_695),
        "val": SplitCounts(97, 124_261),
        "test": SplitCounts(160, 206_209),
    },
    split_scheme="tieredimagenet_ren",
    resampling=_PUBLISHED,
    polarity="RGB",
    licence="ImageNet: non-commercial research",
    citation="Ren et al. Meta-learning for semi-supervised few-shot classification. ICLR 2018.",
    list_classes=partial(list_classes, resampling=_PUBLISHED),
    sources=tuple(map(_zenodo_file, _FILES)),
    layouts=(
        "{train,val,test}_images_png.pkl and *_labels.pkl, loose or in the tar",
        "{train,val,test}_images.npz (BGR) and *_labels.pkl",
        "torchmeta's {train,val,test}_data.hdf5",
        *_FULL_SIZE_LAYOUTS,
    ),
)
VARIANTS = variants(INFO, list_classes, _FULL_SIZE_LAYOUTS)
