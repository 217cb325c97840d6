"""Confidence intervals, comparisons and plans.

intervals         the interval of one result
class_bootstrap   an interval that holds for other classes
training_seeds    an interval that holds for other training runs
available         an interval, or None if a result allows none
betting           the limits by betting that other modules use
little_spread     what an interval allows for if nearly all values are alike
bootstrap         the bootstrap that other modules use
comparisons       compare results on the same episodes
paired_tests      the tests and intervals of these comparisons
equivalence       compare a result with a published number
planning          how many episodes a wanted precision needs
diagnostics       which classes and episodes cost accuracy
arrays            names for array types
"""
