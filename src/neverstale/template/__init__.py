"""The template that a project came from: its answers, its news."""
