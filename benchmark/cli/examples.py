"""An example of each command that needs arguments, for a user who left one out."""

EXAMPLES = {
    "fewbench data build": "fewbench data build omniglot",
    "fewbench data add": "fewbench data add my-birds FOLDER",
    "fewbench data verify": "fewbench data verify omniglot",
    "fewbench data info": "fewbench data info omniglot",
    "fewbench data show": "fewbench data show glyphs --out glyphs.png",
    "fewbench data identify": "fewbench data identify images_background.zip",
    "fewbench data convert": "fewbench data convert glyphs --to images --out exported",
    "fewbench data filters": "fewbench data filters photos --out filters.png",
    "fewbench protocol show": "fewbench protocol show glyphs-5w1s",
    "fewbench protocol export": (
        "fewbench protocol export glyphs-5w1s --out episodes.npz"
    ),
    "fewbench train": "fewbench train --recipe protonet-glyphs --out runs/protonet",
    "fewbench embed": "fewbench embed runs/protonet --dataset glyphs --split test",
    "fewbench evaluate": (
        "fewbench evaluate runs/protonet --protocol glyphs-5w1s --out results"
    ),
    "fewbench probe": "fewbench probe runs/protonet --protocol glyphs-5w1s",
    "fewbench grid run": "fewbench grid run grid.toml --out grid",
    "fewbench grid status": "fewbench grid status grid",
    "fewbench grid merge": "fewbench grid merge grid",
    "fewbench report": "fewbench report results --out report",
    "fewbench compare": "fewbench compare results",
    "fewbench plan": "fewbench plan results/pilot.json --half-width 0.2%",
    "fewbench verify": "fewbench verify results",
    "fewbench regress": "fewbench regress results --reference accuracy/reference",
    "fewbench submission pack": (
        "fewbench submission pack results --card submission.toml --out my.fewbench.zip"
    ),
    "fewbench submission check": "fewbench submission check my.fewbench.zip",
    "fewbench leaderboard init": "fewbench leaderboard init board",
    "fewbench leaderboard add": "fewbench leaderboard add board my.fewbench.zip",
    "fewbench leaderboard withdraw": (
        "fewbench leaderboard withdraw board my --reason duplicate"
    ),
    "fewbench leaderboard note": (
        "fewbench leaderboard note board my --objection duplicate"
    ),
    "fewbench leaderboard verify": "fewbench leaderboard verify board",
    "fewbench leaderboard build": "fewbench leaderboard build board --out site",
}
