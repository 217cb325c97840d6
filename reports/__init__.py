"""Results: their files, statistics, tables, plots and one HTML page.

The modules here need no model and no dataset.

records       the classes EvalProtocol and RunResult
result_files  read and write results
groups        group the results that were scored on the same episodes
published     compare results with the numbers in papers
report        write all tables, plots and the page into one folder
notebook      show a result in a notebook
stats/        confidence intervals, comparisons and plans
tables/, plots/, page/        ways to show results
"""
