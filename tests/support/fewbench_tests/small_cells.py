"""Cells that train for seconds: a real published number with tiny recipes on glyphs."""

from dataclasses import replace

from fewbench.benchmark.reproduce.cells import Cell, Rehearsal, find_cell

TINY = (
    "way=5",
    "width=8",
    "steps=6",
    "validate_every=2",
    "val_episodes=10",
)


def small_cell(**changes: object) -> Cell:
    """A ProtoNet cell, of which each budget trains six steps on glyphs."""
    cell = find_cell("protonet-snell17-omni-5w1s")
    tiny = {
        "recipe": "protonet-glyphs",
        "settings": dict.fromkeys(TINY, "made for a test"),
        "short": "protonet-glyphs",
        "short_settings": TINY,
        "rehearsal": Rehearsal("protonet-glyphs", TINY),
        "protocol": "glyphs-5w1s",
        "retrain": "",
    }
    return replace(cell, **(tiny | changes))
