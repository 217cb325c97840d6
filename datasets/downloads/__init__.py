"""Download source files, resume broken downloads and check the finished files.

fetch: downloads a file from the first address that serves the right bytes
transfer: downloads from one address and continues a partial file
headers: reads sizes, positions and versions from HTTP response headers
web: sends requests and decides which failures to retry
words: says what a server answered
body: reads the body of an answer, and gives up a slow one
deadline: gives up work that can be drawn out for ever
partial_file: keeps an unfinished download and a record of its origin
checksums: compares a file with its expected size and checksum
zenodo: asks Zenodo for the size and checksum of a file
"""
