"""Evaluation: protocols, training, scoring, reports, and the command line.

protocols/           the protocols, which define the episodes for scoring learners
evaluate.py          score a learner on episodes, or on a range of them
evaluate_into.py     score a learner on several protocols, and save the results
models.py            load the model that a user names
stopping.py          the rule that stops an evaluation once its interval is narrow enough
train.py             train a learner and write the run into a folder
quickstart.py        train, evaluate and report in one call
verification/        check that results can be what they say
report_folders.py    write a report about folders of results
cli/                 the `fewbench` command
"""
