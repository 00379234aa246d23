"""Greet somebody."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the subcommand takes."""
    parser.add_argument("name", nargs="?", default="world", help="whom (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Print the greeting; give the exit code."""
    print(f"Hello, {arguments.name}!")
    return 0
