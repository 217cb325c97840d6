"""Reads files out of folders, zips and tars in place, within bounds that stop hostile archives.

tree: the view that all other packages use (`open_tree`)
folders, zips, tars: the files of each kind of source; archive: their base class
zip_directory, tar_headers, tar_extensions: what a zip and a tar say about their members
byte_ranges: a part of an open file that any thread may read
unpacking, temporary_file: compressed data, unpacked in bounded memory to a nameless file
signatures: what a file is by its first bytes
limits, safe_names, refusals: bounds, forbidden names, and the errors that name them
"""
