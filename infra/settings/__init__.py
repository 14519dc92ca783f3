"""What an environment is: its file, the checks on it, and the figures that follow from it."""
