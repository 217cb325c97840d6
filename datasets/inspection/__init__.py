"""Look at data: what a source is, what a split shows, what two splits share.

identify: what a file or folder is; answers by identify_arrays, _images and _pickles
resampling: which filter resized the images
audit, equal_images: classes and images that splits share
contact_sheet, filter_sheet, sheets: PNGs to look at
"""
