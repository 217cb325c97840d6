"""Show a result in a notebook, and list its episodes in a table."""

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd


def html_table(rows: Mapping[str, str]) -> str:
    """Return a small HTML table with a row for each name and its value.

    Names and values are escaped.
    """
    lines = []
    for name, value in rows.items():
        lines.append(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>")
    return f"<table>{''.join(lines)}</table>"


def episodes_frame(correct: NDArray[np.int32], n_queries: int) -> "pd.DataFrame":
    """Return a table with a row for each episode.

    The table has the columns episode, correct, n_queries and accuracy.

    correct: int32 (n_episodes,) number of right answers in each episode
    n_queries: number of query images in each episode
    """
    import pandas as pd

    return pd.DataFrame(
        {
            "episode": np.arange(len(correct)),
            "correct": correct,
            "n_queries": n_queries,
            "accuracy": correct / n_queries,
        }
    )
