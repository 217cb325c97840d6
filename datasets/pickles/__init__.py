"""Read pickles of plain values and numpy arrays, without running code that they name.

reader: `read_pickle`, which returns the value in a pickle
opcodes: reads the opcodes of a pickle
values: turns the arguments of opcodes into values
stack, machine, actions: the stack machine that builds the values
numpy_calls: the results of the few allowed functions, made without calling them
arrays, payloads: arrays and long strings that stay in the file until they are needed
strings: the encodings of strings
finishing: the last step, which replaces long strings and rejects incomplete values
errors: an error with what was expected in a pickle and what was found
"""
