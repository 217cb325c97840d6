"""Evaluation: protocols, training, scoring, reports, and the command line.

protocols/           the protocols, which define the episodes for scoring learners
evaluate.py          score a learner on a protocol
stopping.py          score a learner until its interval is narrow enough
train.py             train a learner and write the run into a folder
quickstart.py        train, evaluate and report in one call
report_folders.py    write a report about folders of results
cli/                 the `fewbench` command
"""
