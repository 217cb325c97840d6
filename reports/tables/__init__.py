"""Tables of results in CSV, Markdown, LaTeX and plain text.

- accuracy, train_seeds: make tables that contain results
- table, cells: the types of these tables and of their cells
- printed, differences, beside_published, other_classes, hardest: make printed tables,
  which contain only text
- printed_table: the types of these tables and of their cells
- text, markdown, latex: write printed tables in these formats
- frames: makes data frames and CSV files, for programs
- footnotes, run_names: explain marks and intervals, and name results
"""
