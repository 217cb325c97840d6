"""Check that a result can be what it says: derive again whatever can be derived.

checks.py            the record of a check: passed, failed or not possible
protocol_checks.py   the name of the protocol, and the episodes
data_checks.py       the classes and the images
load.py              load results, and refuse those that fail a check
replay.py            answer some episodes again with the learner
report.py            all checks of a result, for `fewbench verify`
"""
