"""Download source files: go on after broken connections, and check what arrived.

fetch: the file from the first address that serves it
transfer: the bytes of one address, appended to those that are already here
headers: what an answer says about its bytes
web: one request, and whether a failure is worth another attempt
partial_file: the unfinished file and the record of where its bytes came from
checksums, zenodo: the size and checksum that a file must have
"""
