"""Evaluation: protocols, training, evaluation and reports, and the command line.

protocols/           which episodes a learner is scored on
evaluate.py          score a learner on a protocol
stopping.py          score a learner until its interval is narrow enough
train.py             train a learner into a folder
quickstart.py        the whole job in one call
report_folders.py    report folders of results
cli/                 the `fewbench` command
"""
