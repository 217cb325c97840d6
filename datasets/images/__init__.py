"""Decode and resize images. The caller always names the resampling filter.

decode    decodes PNG and JPEG bytes
resample  resizes with a named filter, and finds the filter that made a small image
opencv    OpenCV's filters in numpy
load      decodes and resizes many images at once, on all cores
"""
