"""Where learners compute: the device, the images on it, and the memory of the process."""
