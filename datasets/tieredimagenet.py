"""tieredImageNet: 608 classes of ILSVRC2012 in 34 categories, 84 x 84 RGB (Ren et al. 2018).

Splits share no category. The published archive keeps PNGs without names, in the order of some
folder; OpenCV wrote and read them, so arrays unpacked from it are BGR while the PNGs are RGB.
"""

from functools import cache, partial

from .info import DatasetInfo, Listing, Request, Source, SplitCounts
from .layouts.ilsvrc import read_counts
from .layouts.search import Search, first_form, variants
from .layouts.source_files import open_findings
from .layouts.tieredimagenet import RenSplit, TieredForms
from .splits import read_classes

_SHAPE = (84, 84, 3)
_PUBLISHED = "cv2-cubic"  # aspect ratio squashed


@cache
def ren_split() -> RenSplit:
    """The split of Ren et al."""
    classes = {}
    for wnid, one in read_classes("tieredimagenet_ren").items():
        category, _, words = one.facts.partition(" ")
        classes[wnid] = (one.split, category, words)
    return RenSplit(classes, read_counts(classes))


def list_classes(
    request: Request, resampling: str, ren: RenSplit | None = None
) -> Listing:
    """The classes of tieredImageNet in a source of any known form, see first_form."""
    findings = open_findings(request)
    allow = request.allow_missing
    search = Search(findings, "tieredimagenet", _SHAPE, resampling, _PUBLISHED, allow)
    forms = TieredForms(search, ren or ren_split())
    return first_form(
        search,
        (forms.from_pickles, forms.from_npz, forms.from_groups, forms.from_ilsvrc),
    )


_ZENODO = "https://zenodo.org/record/7978538/files/tiered-imagenet-"
_BY_HAND = (
    "tiered-imagenet.tar of github.com/renmengye/few-shot-ssl-public holds the same files: Google "
    "Drive file 1g1aIDy2Ar_MViF2gDXFYDBTR-HYecV07, md5 e07e811b9f29362d159a9edd0d838c62; "
    "with it, type instead: fewbench data build tieredimagenet --source ARCHIVE"
)
_FILES = (
    "class_names.txt",
    "synsets.txt",
    *(
        f"{split}_{part}.pkl"
        for split in ("train", "val", "test")
        for part in ("labels", "images_png")
    ),
)
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
    sources=tuple(
        Source(
            f"tiered-imagenet-{name}",
            (f"{_ZENODO}{name}",),
            record="https://zenodo.org/api/records/7978538",
            by_hand=_BY_HAND,
        )
        for name in _FILES
    ),
    forms=(
        "{train,val,test}_images_png.pkl and *_labels.pkl, loose or in the tar",
        "{train,val,test}_images.npz (BGR) and *_labels.pkl",
        "torchmeta's {train,val,test}_data.hdf5",
        "ILSVRC2012's training set: class folders, or the tar of tars",
    ),
)
VARIANTS = variants(INFO, list_classes, INFO.forms[-1:])
