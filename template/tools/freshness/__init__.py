"""Tells whether what is installed is what is in the sources, and makes it so."""
