"""What the command is made of, for other programs as well."""

__all__ = ["greeting"]


def greeting(name: str) -> str:
    """Give what to say to the one who is called *name*.

    >>> greeting("Ada")
    'Hello, Ada!'
    """
    return f"Hello, {name}!"
