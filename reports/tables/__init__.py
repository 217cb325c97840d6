"""Tables of results in CSV, Markdown, LaTeX and plain text.

- accuracy, train_seeds: make tables that contain results (classes: table, cells)
- printed, differences, beside_published, other_classes, hardest: make printed tables,
  which contain only text (classes: printed_table)
- text, markdown, latex: write printed tables in these formats
- frames: makes data frames and CSV files, for programs
- footnotes, run_names: explain marks and intervals, and name results
"""
