"""The constructs, one in each file. None of them needs a look-up or a custom resource."""
