"""The `fewbench` command. Each command parses its options and calls one function.

app.py          the whole command, and its error messages
options.py      options that several commands share
inputs.py       load the datasets and results that are named in arguments
percent.py      read percentages from the command line
console.py      print answers on stdout, and progress on stderr
describe*.py    turn answers into text and JSON documents
Each of the other modules has one command or a few.
"""
