"""Renamed: run tools/neverstale_nox.py in your noxfile, then delete this file."""

__import__("runpy").run_path("tools/neverstale_nox.py")
