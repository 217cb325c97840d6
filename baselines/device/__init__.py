"""Choose the device, copy images to it, and set up the memory of the process."""
