"""Check that what is installed is what is in the sources, and fix it if it is not."""

__version__ = "0.3.0.dev0"
