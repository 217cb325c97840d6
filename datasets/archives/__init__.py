"""Read files in folders, zips and tars in place, with bounds against hostile archives.

tree: `open_tree`, the usual way to read a source (a folder, a zip or a tar)
folders, zips, tars: the files of each kind of source. archive: their base class
zip_directory, tar_headers, tar_extensions: the lists of members in a zip and in a tar
byte_ranges: parts of an open file that several threads may read at the same time
unpacking: compressed data, unpacked in bounded memory
temporary_file: unpacked data in a temporary file that has no name
signatures: the kind of a file, recognised by its first bytes
limits, safe_names: bounds on size and number, and forbidden file names
refusals: the error messages for a source that cannot be read
"""
