"""What the Python steps of the build share: the platform's data and the tree of unpacked packages."""
