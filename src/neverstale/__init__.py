"""Tell whether what is installed is what is in the sources, and make it so."""

__version__ = "0.3.0.dev0"
