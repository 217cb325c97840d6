"""Tables of results, from cells to CSV, Markdown, LaTeX and plain text.

`cells` and `table` hold what a table is about, `accuracy` and `train_seeds` make tables of
results. `grid` holds what is printed: `printed`, `differences`, `beside_published`,
`other_classes` and `hardest` make grids, and `text`, `markdown` and `latex` write them.
`frames` makes data frames and CSV files, `footnotes` and `run_names` provide the words.
"""
