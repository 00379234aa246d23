"""Greet somebody."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the subcommand takes."""
    parser.add_argument("name", nargs="?", default="world", help="whom (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Print the greeting; give the exit code."""
    print(greeting(arguments.name))
    return 0


def greeting(name: str) -> str:
    """Give what to say to the one who is called *name*.

    >>> greeting("Ada")
    'Hello, Ada!'
    """
    return f"Hello, {name}!"
