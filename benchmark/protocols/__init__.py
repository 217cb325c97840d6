"""Protocols, which define the episodes for scoring learners, and episode files.

A build is a dataset that `fewbench data build` has written. An episode file lists the
images of each episode by name.

catalogue.py         find a protocol by name, with changes
listing.py           all protocols by name
names.py             name a changed protocol
papers.py            the protocols that follow a paper, with their sources
drawing.py           draw the episodes of a protocol from class sizes
rebuild.py           draw the episodes of a result again, from what it records
stream.py            open the episodes of a protocol in a build
episode_files.py     write episode files
episode_reader.py    read and check episode files
episode_images.py    find the images of an episode file in a build
"""
