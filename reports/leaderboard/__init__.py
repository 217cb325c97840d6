"""Leaderboards: rank entries that were scored on the same episodes.

scores.py         the right answers of all entries on one protocol
ranking.py        test all pairs of entries: are these training runs different?
seed_ranking.py   test them again: would runs with other training seeds be different?
rank_ranges.py    which ranks an entry may have, from either test
few_differ.py     find pairs with nearly the same difference in all episodes
pair_p_values.py  p-values of many pairs at a time
"""
