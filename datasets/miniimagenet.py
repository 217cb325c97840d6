"""miniImageNet: 100 classes of ILSVRC2012, 600 images each, 84 x 84 RGB (Ravi & Larochelle 2017).

Its pixels go round in several forms and were made by several filters. A form is found by looking
into the source; every one is brought to the same class names, image names and order, so that equal
pixels have equal hashes. Another class list under the same name (Vinyals et al. 2016) shares 6 of
the 100 classes and is refused.
"""

from functools import cache, partial

from .info import DatasetInfo, Listing, Request, Source, SplitCounts
from .layouts.ilsvrc import read_counts
from .layouts.miniimagenet import MiniForms, RaviSplit
from .layouts.search import Search, first_form, variants
from .layouts.source_files import open_findings
from .splits import read_classes

_SHAPE = (84, 84, 3)
_PUBLISHED = "cv2-linear"  # aspect ratio squashed
_MAPPING_SHA256 = {
    "train": "6984edf45f15a6b2799ae7c53db6ad53f7b6ee4ce41802da684357eadc173e5d",
    "val": "5962a6cbdd67b2950220ab134a50a30f4a061fba2cfa8b58cc9c3435343557b4",
    "test": "cf7591ceeaffed4d99cf06b7d55fb0bb7c5eae988c6995dd04d47dea0404a8e9",
}


@cache
def ravi_split() -> RaviSplit:
    """The split of Ravi & Larochelle."""
    lines = read_classes("miniimagenet_ravi").items()
    numbers = {
        wnid: (one.split, tuple(map(int, one.facts.split()))) for wnid, one in lines
    }
    known = read_counts(numbers)
    counts = {
        wnid: (max(known[wnid][0], *of_class), known[wnid][1])
        for wnid, (_, of_class) in numbers.items()
    }
    return RaviSplit(numbers, _MAPPING_SHA256, counts)


def list_classes(
    request: Request, resampling: str, ravi: RaviSplit | None = None
) -> Listing:
    """The classes of miniImageNet in a source of any known form, see first_form."""
    findings = open_findings(request)
    allow = request.allow_missing
    search = Search(findings, "miniimagenet", _SHAPE, resampling, _PUBLISHED, allow)
    forms = MiniForms(search, ravi or ravi_split())
    return first_form(
        search,
        (
            forms.from_cache,
            forms.from_category_split,
            forms.from_groups,
            forms.from_named_images,
            forms.from_ilsvrc,
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
    sources=tuple(
        Source(
            f"mini-imagenet-cache-{split}.pkl",
            (
                f"{_ZENODO}mini-imagenet-cache-{split}.pkl",
                f"{_DROPBOX}{key}/mini-imagenet-cache-{split}.pkl?dl=1",
            ),
            record=_RECORD,
            by_hand=_BY_HAND,
        )
        for split, key in (
            ("train", "9g8c6w345s2ek03"),
            ("validation", "ip1b7se3gij3r1b"),
            ("test", "ye9jeb5tyz0x01b"),
        )
    ),
    forms=(
        "mini-imagenet-cache-{train,val,test}.pkl, loose or in a tar.gz or zip",
        "miniImageNet_category_split_*.pickle (the 600 images of each class are taken)",
        "torchmeta's {train,val,test}_data.hdf5",
        "images named as in the CSVs of Ravi & Larochelle, with the CSVs or without",
        "ILSVRC2012's training set: class folders, or the tar of tars",
    ),
)
VARIANTS = variants(INFO, list_classes, INFO.forms[-2:])
