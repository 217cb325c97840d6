"""Decodes and resizes images. The resampling filter is always named, never implied.

decode    PNG and JPEG bytes to pixels
resample  resizing by a named filter, and telling which filter made an image
opencv    OpenCV's filters in numpy
load      many images at once, on all cores
"""
