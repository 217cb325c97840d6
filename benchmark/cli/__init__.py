"""The `fewbench` command. Each command parses its options and calls one function.

app.py          the whole command, and how mistakes are answered
options.py      options that several commands share
inputs.py       the datasets and results that arguments name
percent.py      percentages on the command line
console.py      the answer on stdout, progress on stderr
describe*.py    answers as text and as JSON documents
The other modules hold one command or a few.
"""
