"""Tables of results in CSV, Markdown, LaTeX and plain text.

Tables of results: `accuracy` and `train_seeds` make them. Their classes are in `table`
and `cells`.
Printed tables, which contain only text: `printed`, `differences`, `beside_published`,
`other_classes` and `hardest` make them. Their classes are in `printed_table`. `text`,
`markdown` and `latex` write them in these formats.
Data for programs: `frames` makes data frames and CSV files.
Words: `footnotes` explains marks and intervals, and `run_names` names results.
"""
