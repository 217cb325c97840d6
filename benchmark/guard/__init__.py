"""Notice when a model has become less accurate than an accepted reference.

reference.py          the document of a reference
reference_file.py     read and write its file
reference_results.py  load the results that lie beside it
write_reference.py    make a reference from results
reference_folder.py   find, save and replace the references of a set
maker.py              who makes a reference, and from which commit
comparable.py         refuse to compare results of other data, episodes or protocols
verdict.py            the rules of a check, and its verdict
judge_same.py         the verdict on the same model as the reference's
judge_retrained.py    the verdict on newly trained runs
fail_option.py        read what a check calls a failure from an option
find_references.py    find the references at a path
regress.py            compare results with references, for the command line
history.py            the file with the accuracies of all nights
trend.py              collect the nights of a reference for a plot
seeds.py              the training seeds of a night
words.py              say accuracies and differences in words
"""
