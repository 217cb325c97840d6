"""Notice when a model has become less accurate than an accepted reference.

references/           read, write, find and replace references
pytest_plugin/        the fixture `accuracy` and its options
comparable.py         refuse to compare results of other data, episodes or protocols
verdict.py            the rules of a check, and its verdict
judge_same.py         the verdict on the same model as the reference's
judge_retrained.py    the verdict on newly trained runs
judge_night.py        the verdict on the newly trained runs of a night
fail_option.py        read what a check calls a failure from an option
regress.py            compare results with references, for the command line
history.py            the file with the accuracies of all nights
look_back.py          what the history says of a reference: the runs that count
dates.py              read the date of a night
trend.py              collect the nights of a reference for a plot
seeds.py              the training seeds of a night
words.py              say accuracies and differences in words
"""
