"""What a ± means: intervals, comparisons and plans. Results go in, numbers come out.

intervals, class_bootstrap, training_seeds   the ± of one number, each about something else
available                                    an interval, or None where there is none
betting, bootstrap                           what the intervals are computed with
comparisons, paired_tests                    two or more results on the same episodes
equivalence                                  a result against a published number
planning                                     how many episodes a wanted precision takes
diagnostics                                  classes, confusions and episodes that cost accuracy
"""
