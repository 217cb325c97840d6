"""A leaderboard in a folder of files: bundles, verdicts and a log, kept in git.

folder.py   the files of a board, and its settings
log.py      the log, which is only ever continued
duplicates.py  look for a submission's answers among the entries
entries.py  the entries that the log leaves, and their standing
add.py      add a bundle, withdraw an entry, write a line into the log
pages.py    collect what the pages show, from the verdicts
verify.py   check a whole board
pull_request.py  check what a pull request changes
history.py  the files of a board in an earlier commit
"""
