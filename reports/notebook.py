"""How a result shows itself at a prompt, in a notebook and as a table of its episodes."""

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd


def html_table(rows: Mapping[str, str]) -> str:
    """A small HTML table: a row for each name with its value, which is escaped."""
    lines = []
    for name, value in rows.items():
        lines.append(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>")
    return f"<table>{''.join(lines)}</table>"


def episodes_frame(correct: NDArray[np.int32], n_queries: int) -> "pd.DataFrame":
    """One row an episode: episode, correct, n_queries, accuracy.

    correct: int32 (n_episodes,) right answers
    n_queries: how many query images each episode has
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
