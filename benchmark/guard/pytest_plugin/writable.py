"""Notice before dear work that its results could not be written."""

import os
from pathlib import Path


def why_unwritable(folder: Path) -> str:
    """Return why no file can be written into a folder; "" if none is known.

    Nothing is written to find out. A folder that does not exist counts as one that is made.
    """
    for place in (folder, *folder.parents):
        if os.path.lexists(place):
            if not place.is_dir():
                return f"{place}, which is no folder"
            if not os.access(place, os.W_OK | os.X_OK):
                return f"{place}, which is not writable"
            return ""
    return ""
