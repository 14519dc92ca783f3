"""The constructs, one to a file. None of them looks anything up or needs a custom resource."""
