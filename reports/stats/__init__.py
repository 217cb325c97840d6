"""Confidence intervals, comparisons and plans.

intervals         the interval of one result
class_bootstrap   an interval that holds for other classes
training_seeds    an interval that holds for other training runs
available         an interval, or None if a result allows none
betting           confidence limits by betting, for the other modules
little_spread     what an interval allows for if nearly all values are alike
bootstrap         the bootstrap, for the other modules
comparisons       compare results on the same episodes
paired_tests      the tests and intervals of these comparisons
equivalence       compare a result with a published number
non_inferiority   whether a result is no worse than a reference on the same episodes
retraining        whether newly trained runs are worse than reference runs
nightly           the same, night after night
churn             count the predictions in which two results differ
precision_target  the fewest episodes that reach a wanted precision
planning          how many episodes a wanted precision needs
diagnostics       which classes and episodes cost accuracy
accuracies        check accuracies, and average them
arrays            names for array types
"""
