"""The names of learners in tables (in any script) and in file names."""

import hashlib
import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

# File names join several names with "__". So no name may contain "__".
NAME_PATTERN = r"^[a-z0-9](_?[a-z0-9.-])*$"
# The names of datasets, and so of protocols, may say a size: miniimagenet@224.
_MAYBE_SIZED = r"^[a-z0-9](_?[a-z0-9.-]|@[1-9])*$"
Name = Annotated[str, Field(pattern=_MAYBE_SIZED, max_length=80)]
_LONGEST_SLUG = 48
# Letters and symbols that are drawn as a blank: fillers of Hangul, and an empty Braille cell.
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"


def without_size(dataset: str) -> str:
    """Return the name of a dataset without the size of its images, if it says one."""
    name, _, _ = dataset.partition("@")
    return name


def is_visible(text: str) -> bool:
    """Tell whether a text has a character that is drawn: a letter, a digit or a sign."""
    return any(
        one not in _BLANK and unicodedata.category(one)[0] in "LNPS" for one in text
    )


def check_shown_name(name: str) -> str:
    """Return the name in Unicode's composed form (NFC).

    So names that look alike because an accent is a character of its own are one name.
    Raises ValueError if the name cannot be shown as one line of text.
    """
    if name != " ".join(name.split()) or not name:
        raise ValueError(
            "expected a name on one line, without a space at the start or end, and without "
            "two spaces in a row"
        )
    for character in name:
        # Control, format (text direction), surrogate, private and unassigned characters.
        if unicodedata.category(character).startswith("C"):
            raise ValueError(f"a name cannot hold the character {character!a}")
    if not is_visible(name):
        raise ValueError("expected a name with at least one visible character")
    return unicodedata.normalize("NFC", name)


ShownName = Annotated[str, Field(max_length=80), AfterValidator(check_shown_name)]


def key_of(name: str) -> str:
    """Return the key of a name. File names contain this key instead of the name.

    A name with only lower-case letters, digits, dots and hyphens is its own key. The key
    of any other name ends in a hash. So two names never have the same key, not even
    where a file system makes no difference between "A" and "a".
    """
    name = unicodedata.normalize("NFC", name)
    if len(name) <= 80 and re.fullmatch(NAME_PATTERN, name) and not _ends_in_hash(name):
        return name
    plain = unicodedata.normalize("NFKD", name).lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"{slug[:_LONGEST_SLUG].strip('-') or 'model'}-{digest[:12]}"


def _ends_in_hash(name: str) -> bool:
    """Tell whether a name looks like a key that ends in a hash."""
    return re.search(r"-[0-9a-f]{12}$", name) is not None
