"""Leaderboards: rank entries that were scored on the same episodes, and show them as a site.

entries.py         what a board shows: its entries, published numbers and log
scores.py          the right answers of all entries on one protocol
ranking.py         test all pairs of entries: are these training runs different?
seed_ranking.py    test them again: would runs with other training seeds be different?
rank_ranges.py     which ranks an entry may have, from either test
few_differ.py      find pairs with nearly the same difference in all episodes
pair_p_values.py   p-values of many pairs at a time
entry_intervals.py the interval of an entry, and the spread between its training runs
board_rows.py      the rows of a protocol's table, as data
exports.py         the tables as CSV and JSON
model_index.py     the numbers of an entry for a model card on Hugging Face
episode_data.py    the numbers by episode and by class, for comparisons in the browser
addresses.py       where the files of a site lie, and which addresses it links to
pages.py           the HTML pages
site.py            write the whole site
"""
