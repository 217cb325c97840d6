"""The tables of `import fewbench`: all protocols, and all published numbers."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def protocols() -> "pd.DataFrame":
    """Return a table with a row for each protocol. The index is its name.

    With those on your own images, if these are in the default folder of built datasets.
    """
    from dataclasses import asdict

    import pandas as pd

    from fewbench.benchmark.protocols.listing import all_protocols
    from fewbench.datasets.root import data_root

    rows = [asdict(protocol) for protocol in all_protocols(data_root()).values()]
    return pd.DataFrame(rows).set_index("name")


def published() -> "pd.DataFrame":
    """Return a table with a row for each published number. The index is its id."""
    from dataclasses import asdict

    import pandas as pd

    from fewbench.benchmark.published_numbers import published_numbers

    rows = [asdict(number) for number in published_numbers()]
    return pd.DataFrame(rows).set_index("id")
