"""Checks: values in, findings out. Nothing here starts a process or opens a file of a project's."""
