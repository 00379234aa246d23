"""Asked of an interpreter, in a process of its own: what `import` would find, and stale bytecode.

The text of this file is passed to ``python -B -c``, so that sys.path is what it is for whoever
works in that folder. It runs under every Python since 3.6, and imports nothing that it is asked
about: finding a module is not importing it. One JSON object comes in, one goes out.
"""

import os
import sys

PATH = sys.path[:]
LIBRARY = os.path.dirname(os.__file__)  # noqa: PTH120 - every interpreter has imported os already
sys.path[:] = [LIBRARY, os.path.join(LIBRARY, "lib-dynload")]  # noqa: PTH118 - and no json.py of others

import importlib.machinery  # noqa: E402
import json  # noqa: E402
import marshal  # noqa: E402

sys.path[:] = PATH


def found(name):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201 - for old interpreters
    """Give what finds *name*, where, and the entry of sys.path that leads there."""
    for finder in sys.meta_path:
        try:
            spec = finder.find_spec(name, None)
        except Exception as error:
            return {"error": repr(error)}
        if spec is not None:
            by_path = finder is importlib.machinery.PathFinder
            return {
                "origin": spec.origin,
                "locations": [str(path) for path in spec.submodule_search_locations or ()],
                "finder": getattr(finder, "__name__", type(finder).__name__),
                "entry": entry_of(name, spec.origin) if by_path else None,  # type: ignore[no-untyped-call]
            }
    return None


def entry_of(name, origin):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
    """Give the entry of sys.path that *name* is found by at *origin*."""
    for entry in sys.path:
        spec = importlib.machinery.PathFinder.find_spec(name, [entry])
        if spec is not None and spec.origin == origin:
            return entry
    return None


def is_stale(bytecode, source):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
    """Tell whether *bytecode*, which this interpreter would run, is not what *source* says."""
    name = bytecode.replace("\\", "/").rpartition("/")[2]
    if ".%s." % sys.implementation.cache_tag not in name:  # noqa: UP031
        return False
    try:
        optimize = int(name.rpartition(".opt-")[2][:1]) if ".opt-" in name else 0
        with open(bytecode, "rb") as stream:  # noqa: PTH123
            code = marshal.loads(stream.read()[16:])  # noqa: S302 - an import would do the same
        with open(source, "rb") as stream:  # noqa: PTH123
            text = stream.read()
        return bool(code != compile(text, source, "exec", dont_inherit=True, optimize=optimize))
    except Exception:
        return True


asked = json.loads(sys.stdin.buffer.read().decode("ascii"))
there = {name: found(name) for name in asked["names"]}  # type: ignore[no-untyped-call]
if PATH[:1] == [""]:  # not so with PYTHONSAFEPATH
    del sys.path[:1]
elsewhere = {name: found(name) for name in asked["names"]}  # type: ignore[no-untyped-call]
stale = [b for b, s in asked["bytecode"] if is_stale(b, s)]  # type: ignore[no-untyped-call]
sys.stdout.write("\n" + json.dumps({"there": there, "elsewhere": elsewhere, "stale": stale}))
