"""The staleness matrix: edit, run the same command again, ask the installed program."""
