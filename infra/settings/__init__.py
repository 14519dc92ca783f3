"""An environment: its file, the checks of the file, and the figures that follow from it."""
