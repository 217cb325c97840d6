"""Inspect data: identify files, compare splits, and show images.

identify: asks every dataset whether it recognises a file or the images of a folder
identify_images: collects the image files of a source, for the module identify
resampling: finds the filter that resized the images
audit, equal_images: find the classes and images that several splits share
contact_sheet, filter_sheet, sheets: draw PNGs for a check by eye
"""
