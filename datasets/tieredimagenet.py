"""tieredImageNet: 608 classes of ILSVRC2012 in 34 categories, 84 x 84 RGB.

The dataset was published by Ren et al. (2018). No category is in two splits. The
published archive contains PNGs without file names. Their order is that of an
unsorted folder listing, so it cannot be rebuilt.
The PNGs are RGB, but arrays that were decoded from them with OpenCV are BGR.
"""

from functools import cache, partial

from .identity import Found, Identity
from .info import DatasetInfo, ExportNames, Listing, Request, Source, SplitCounts
from .layouts.ilsvrc import read_counts
from .layouts.ren_split import RenSplit
from .layouts.search import Search, first_listing, originals_in, variants
from .layouts.source_files import open_source
from .layouts.tieredimagenet import TieredImageNetLayouts
from .layouts.tieredimagenet_identity import recognise_tiered
from .splits import read_classes, read_split

_SPLIT = "tieredimagenet_ren"
_SIDE = 84
_PUBLISHED = "cv2-cubic"  # The published images do not keep the aspect ratio.


@cache
def ren_split() -> RenSplit:
    """Return the split of Ren et al."""
    classes = {}
    for wnid, line in read_classes(_SPLIT).items():
        category, _, words = line.facts.partition(" ")
        classes[wnid] = (line.split, category, words)
    return RenSplit(classes, read_counts(classes))


def list_classes(
    request: Request,
    resampling: str,
    ren: RenSplit | None = None,
    side: int = _SIDE,
) -> Listing:
    """Return the classes of tieredImageNet in a source with any known layout.

    resampling: the filter that resizes images of full size
    ren: a split to use in tests; None for the published split
    side: the height and width of the images; another one than 84 needs originals
    Raises DataError if the layout is unknown, or if the source is damaged or contains
        another dataset.
    """
    search = Search(
        files=open_source(request),
        dataset="tieredimagenet",
        shape=(side, side, 3),
        resampling=resampling,
        published=_PUBLISHED,
        allow_missing=request.allow_missing,
        usual_side=_SIDE,
    )
    layouts = TieredImageNetLayouts(search, ren or ren_split())
    with_arrays = (layouts.from_pickles, layouts.from_npz, layouts.from_groups)
    if search.is_other_size:
        # Arrays and lists hold images that were resized already.
        return first_listing(search, (layouts.from_ilsvrc,))
    return first_listing(search, (*with_arrays, layouts.from_ilsvrc))


def recognise(found: Found) -> Identity | None:
    """Identify a file or images of tieredImageNet; None if they are something else."""
    return recognise_tiered(found, ren_split())


_ZENODO = "https://zenodo.org/record/7978538/files/"
_BY_HAND = (
    "get the archive tiered-imagenet.tar, which has the same files, from "
    "github.com/renmengye/few-shot-ssl-public (Google Drive file "
    "1g1aIDy2Ar_MViF2gDXFYDBTR-HYecV07, md5 e07e811b9f29362d159a9edd0d838c62), and "
    "skip steps 2 and 3: type fewbench data build tieredimagenet --source ARCHIVE"
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
        most_bytes=2**35,
        record="https://zenodo.org/api/records/7978538",
        by_hand=_BY_HAND,
    )


def _words() -> dict[str, str]:
    """Return wnid -> the words of its synset, such as "goldfish, Carassius auratus"."""
    classes = ren_split().classes
    return {wnid: words for wnid, (_, _, words) in classes.items()}


_FULL_SIZE_LAYOUTS = (
    "ILSVRC2012's training set: class folders, or the tar with a tar for each class",
)
INFO = DatasetInfo(
    name="tieredimagenet",
    title="tieredImageNet, 84 px, split of Ren et al.",
    image_shape=(_SIDE, _SIDE, 3),
    splits={
        "train": SplitCounts(351, 448_695),
        "val": SplitCounts(97, 124_261),
        "test": SplitCounts(160, 206_209),
    },
    split_scheme=_SPLIT,
    resampling=_PUBLISHED,
    polarity="RGB",
    licence="ImageNet: non-commercial research",
    citation="Ren et al. Meta-learning for semi-supervised few-shot classification. ICLR 2018.",
    list_classes=partial(list_classes, resampling=_PUBLISHED),
    class_list=partial(read_split, _SPLIT),
    recognise=recognise,
    published_split="ren",
    export=ExportNames(torchmeta=_words),
    sources=tuple(map(_zenodo_file, _FILES)),
    layouts=(
        "{train,val,test}_images_png.pkl and *_labels.pkl, as files or in the tar",
        "{train,val,test}_images.npz (BGR) and *_labels.pkl",
        "torchmeta's {train,val,test}_data.hdf5",
        *_FULL_SIZE_LAYOUTS,
    ),
    originals=originals_in(_FULL_SIZE_LAYOUTS),
)
VARIANTS = variants(INFO, list_classes, _FULL_SIZE_LAYOUTS)
