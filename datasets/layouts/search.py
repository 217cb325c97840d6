"""The forms in which one dataset goes round: which of them a source has, and what follows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from ..images.load import read_images
from ..images.resample import RESAMPLING
from ..info import ClassImages, DataError, DatasetInfo, Listing
from .ilsvrc import ILSVRC2012, ClassFiles
from .pixels import Shape, already_small
from .source_files import Findings

SMALL = "none: the source has the final size already (the first picture of each class)"


@dataclass(frozen=True)
class Search:
    """What a form is looked for in, and how the build was asked for.

    published: the filter behind the pixels that are published in finished form
    """

    findings: Findings
    dataset: str
    shape: Shape
    resampling: str
    published: str
    allow_missing: bool

    @property
    def label(self) -> str:
        """The source, for messages."""
        return self.findings.tree.label

    def finished(self, classes: Sequence[ClassImages], form: str) -> Listing:
        """A listing of pixels that nobody can resize any more."""
        noted = self.findings.resampling
        self._refuse_filter(form, noted or self.published)
        made = noted or f"{self.published}, by the publisher"
        return Listing(tuple(classes), (), form, made)

    def resized(
        self, classes: Sequence[ClassImages], form: str, small: bool
    ) -> Listing:
        """A listing of pictures; small: they have the final size already."""
        noted = self.findings.resampling
        if small:
            self._refuse_filter(form, noted or self.published)
        return Listing(
            tuple(classes), (), form, (noted or SMALL) if small else self.resampling
        )

    def pictures(
        self, split: str, files: ClassFiles, chosen: Sequence[int], names: Sequence[str]
    ) -> ClassImages:
        """One class of picture files: those at the places `chosen`, under `names`."""
        members = [files.members[k] for k in chosen]
        read = partial(read_images, files.tree, members, self.shape, self.resampling)
        return ClassImages(split, files.wnid, tuple(names), read)

    def small(self, found: Mapping[str, ClassFiles]) -> bool:
        """Whether pictures were resized before they came here."""
        firsts = {wnid: (one.tree, one.members[0]) for wnid, one in found.items()}
        return already_small(firsts, self.shape)

    def _refuse_filter(self, form: str, made: str) -> None:
        family = made.partition(",")[0]
        if self.resampling != (family if family in RESAMPLING else self.published):
            raise DataError(
                f"{self.label}: holds finished pixels ({form}; {made}), which cannot be resampled "
                f"by {self.resampling}. Build the variant that they are, or name a source with the "
                f"original pictures: fewbench data build {self.dataset} --resampling "
                f"{self.resampling} --source ILSVRC2012_img_train"
            )


def variants(
    info: DatasetInfo, list_classes: Callable[..., Listing], forms: tuple[str, ...]
) -> tuple[DatasetInfo, ...]:
    """The same dataset by every other filter, from ILSVRC2012's pictures.

    list_classes: takes a request and `resampling`; forms: those that keep pictures in full size
    """
    return tuple(
        replace(
            info,
            name=f"{info.name}-{resampling}",
            title=f"{info.title}, {resampling}",
            resampling=resampling,
            list_classes=partial(list_classes, resampling=resampling),
            sources=(ILSVRC2012,),
            forms=forms,
        )
        for resampling in RESAMPLING
        if resampling != info.resampling
    )


def first_form(
    search: Search, forms: Iterable[Callable[[], Listing | None]]
) -> Listing:
    """The listing of the first form that recognises the source.

    Raises DataError when none does, or what is recognised is damaged or another dataset.
    """
    for form in forms:
        listing = form()
        if listing is not None:
            _check_distinct(search, listing)
            return replace(listing, stamp=search.findings.tree.stamp())
    raise DataError(
        f"{search.label}: holds no form of {search.dataset} that fewbench knows. See what it is: "
        f"fewbench data identify PATH; the forms are listed by: fewbench data info {search.dataset}"
    )


def _check_distinct(search: Search, listing: Listing) -> None:
    seen: set[tuple[str, str]] = set()
    for one in listing.classes:
        if (one.split, one.name) in seen:
            raise DataError(
                f"{search.label}: class {one.name} is in two of its files. Name the one to use: "
                f"--source FILE, or move the other out of the way"
            )
        seen.add((one.split, one.name))
