"""Submissions to a leaderboard: pack them, and check them.

card.py           what the authors say about their method, in submission.toml
contents.py       the document submission.json in a bundle, and the names of its files
privacy.py        paths and user names, which must not travel along
bundle.py         read a bundle safely
pack.py           write a bundle
enclosed.py       recipes, logs and checkpoints that go into a bundle
foreign.py        results that another program than fewbench wrote
findings.py       the record of one thing that a check found
check_card.py     check what the authors say
one_result.py     read one result, and check it by itself
check_results.py  check all results together
check.py          all checks of a bundle
agreement.py      whether hits fall on images that other learners get right too
schemas.py        the JSON Schemas of all documents
rerun_record.py   the record of one checkpoint that was evaluated again
rerun.py          evaluate the checkpoints again
scored_result.py  the numbers of one result
verdict.py        the verdict on a bundle, which a board keeps
"""
