"""The subcommands: a module each, with a docstring, ``add_arguments`` and ``run``."""
