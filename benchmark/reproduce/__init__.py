"""Reproduce one cell of a paper's table: train, evaluate, and judge beside its number.

`cells` says which recipe, protocol and tolerance belong to each published number. `job`
says what is to be done in one call, `run` does it, and `estimate` says beforehand how
long it takes. `take_over` finds the trainings that another cell has finished already.
"""
