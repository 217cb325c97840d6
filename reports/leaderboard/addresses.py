"""Where the files of a site lie, and which addresses of strangers it links to."""

import re

from ..names import key_of

# An address on the web, without spaces, quotes or angle brackets.
_WEB = re.compile(
    r"https?://[^\s\"'<>\\^`{|}]+",
    re.IGNORECASE,
)


def protocol_folder(name: str) -> str:
    """Return the folder of a protocol in the site, such as "protocols/omniglot-5w1s"."""
    key = key_of(name)
    return f"protocols/{key}"


def entry_folder(entry_id: str) -> str:
    """Return the folder of an entry in the site, such as "entries/protonet".

    Ids are texts of strangers. The folder has only lower-case letters, digits, dots,
    hyphens and underscores, and two ids never share one.
    """
    key = key_of(entry_id)
    return f"entries/{key}"


def episodes_file(entry_id: str, protocol_name: str) -> str:
    """Return the file with the numbers by episode and by class, without its suffix."""
    folder = entry_folder(entry_id)
    key = key_of(protocol_name)
    return f"{folder}/episodes/{key}"


def web_address(text: str) -> str:
    """Return the text if it is an address on the web, or else ""."""
    is_address = text.isprintable() and _WEB.fullmatch(text)
    return text if is_address else ""
