"""Results: their files, statistics, tables, plots and one page. Knows no model and no image.

records       what a protocol and a result are        result_files  read and write results
groups        which results share a column            published     ours beside papers' numbers
report        write everything into one folder        notebook      a result in a notebook
stats/        what a ± means      tables/ plots/ page/        ways to show results
"""
