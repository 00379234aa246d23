"""Where copies are, what is in them, and what would run."""
