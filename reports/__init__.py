"""Results: their files, intervals, tables, plots and one page. Knows no model and no image.

`records` holds the nouns (EvalProtocol, RunResult) and their files, `intervals` what a ± means,
`report.write_report` makes everything. Import the modules: this package itself loads nothing.
"""
