"""Read pickles of plain values and arrays, without running code that they name."""

from pathlib import Path

from ..archives.byte_ranges import ByteRange
from ..archives.signatures import looks_like_page
from ..info import DataError
from .actions import run
from .errors import Unexpected
from .finishing import Finisher
from .machine import Machine
from .opcodes import Opcodes, shared_ids
from .payloads import PickleFile

_HEAD_BYTES = 512


def read_pickle(data: ByteRange, scratch: Path | None = None) -> object:
    """Return the dict, list, tuple, str, bytes, number or None in a pickle.

    Arrays in the value are StoredArrays. Strings that Python 2 wrote are bytes, which
    `strings.text` decodes. Keys of dicts are short strings, small integers or None.
    scratch: folder for temporary copies of arrays that the pickle writes as text; None
        for the system's default
    Raises DataError if the file is damaged, demands too much memory, or names a
    function or type that plain values and numpy arrays do not need.
    """
    _check_is_no_page(data)
    file = PickleFile(data, scratch)
    opcodes = Opcodes(file)
    try:
        # The first reading finds the values that the second reading has to keep.
        machine = Machine(file, shared_ids(opcodes))
        value = run(machine, opcodes)
        return Finisher().finished(value)
    except Unexpected as error:
        raise file.refusal(opcodes.at, error) from None


def _check_is_no_page(data: ByteRange) -> None:
    head = data.read_at(0, min(_HEAD_BYTES, len(data)))
    if looks_like_page(head):
        raise DataError(
            f"{data.label}: cannot read the pickle: expected binary data, got a web "
            "page: the download was probably a sign-in, quota or error page. "
            "Download it again."
        )
