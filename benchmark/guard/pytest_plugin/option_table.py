"""The table of the guard's options: `pytest --accuracy-save` and its siblings.

It is apart from the code that reads them, since every run of pytest imports it.
"""

from typing import Any

# The option's name after "--accuracy-" -> what argparse needs to know of it.
OPTIONS: dict[str, dict[str, Any]] = {
    "save": {
        "action": "store_true",
        "help": "Write the references that are missing. Others stay as they are.",
    },
    "update": {
        "action": "store_true",
        "help": "Replace the references of the checks that run. Needs --accuracy-reason.",
    },
    "reason": {
        "metavar": "TEXT",
        "help": "Why the references are replaced. It is kept in their history.",
    },
    "compare": {
        "metavar": "NAME",
        "help": "Use the references in accuracy/NAME in place of accuracy/reference.",
    },
    "fail": {
        "metavar": "RULE",
        "help": "What fails: 'significant', any significant drop; 'drop:0.5%%', a drop that "
        "is surely larger than 0.5 points; 'identical', any changed prediction. By "
        "default, the rule that fits the machine and the reference.",
    },
    "strict": {
        "action": "store_true",
        "help": "Fail the checks that are undecided.",
    },
    "tier": {
        "choices": ("quick", "nightly"),
        "help": "quick (default): skip the checks that are marked tier='nightly'. nightly: "
        "run all checks.",
    },
    "runs": {
        "metavar": "N",
        "help": "With --accuracy-save or --accuracy-update: how often a retrained model is "
        "trained for its reference, at least 3. By default 10.",
    },
    "report": {
        "metavar": "DIR",
        "help": "Write the results of all checks and a summary to this folder.",
    },
    "history": {
        "metavar": "FILE",
        "help": "Keep the accuracies of all nights in this file, and judge by all of them.",
    },
    "date": {
        "metavar": "YYYY-MM-DD",
        "help": "The date that the training seeds of retrained models follow from. By "
        "default today, in UTC.",
    },
}
