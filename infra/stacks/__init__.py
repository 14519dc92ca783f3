"""The three stacks, in the order in which they are deployed for the first time."""
