"""References: the accepted accuracies that later results are compared with.

key.py                what a reference is looked up by, and its machine
reference.py          the document of a reference
reference_file.py     read and write its file
reference_results.py  load the results that lie beside it
write_reference.py    make a reference from results
reference_folder.py   find, save and replace the references of a set
find_references.py    find the references at a path
maker.py              who makes a reference, and from which commit
"""
