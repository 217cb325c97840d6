"""Intervals, comparisons and plans: what a result allows one to say.

`intervals` holds the interval of one result, `class_bootstrap` and `training_seeds` those
about other classes and other training runs. `betting` and `bootstrap` are what they rest on.
`comparisons` compares results on the same episodes, by the tests of `paired_tests`.
`equivalence` compares a result with a published number, `planning` says how many episodes a
precision takes, and `diagnostics` shows where accuracy is lost.
"""
