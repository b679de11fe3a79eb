"""One file a detection, named by its id; a new file here is found by itself."""
