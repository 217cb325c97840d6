"""Make a dataset of a user's own images: class folders, a CSV, or Meta-Album's layout.

found: the classes in a source, and which split each belongs to
folders, tables: find the classes in folders, or in CSV files
splitting: give each class a split
add: check the classes and build the dataset
record: describe an added dataset from its manifest
near_equal: find images in two splits that look alike
"""
