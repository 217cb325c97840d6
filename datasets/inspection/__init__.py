"""Inspect data: identify files, compare splits, and show images.

identify: identifies a file or folder, by identify_arrays, identify_images and
    identify_pickles
identity: the answer of `identify` for a file
resampling: finds the filter that resized the images
audit, equal_images: find the classes and images that several splits share
contact_sheet, filter_sheet, sheets: draw PNGs for a check by eye
"""
