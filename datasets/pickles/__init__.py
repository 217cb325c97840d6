"""Reads pickles of plain values and numpy arrays without running anything that they name.

reader: `read_pickle`, which all other packages use
opcodes, values: the opcodes of a pickle, and the values that their arguments stand for
stack, machine, actions: the stack machine that builds the values
numpy_calls: what the few allowed functions of numpy would have made
arrays, payloads, strings: arrays and long strings that stay in the file
finishing: turns what the machine built into plain values
errors: what a pickle should hold at a place, and what it holds instead
"""
