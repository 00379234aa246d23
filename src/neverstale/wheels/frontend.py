"""Call a hook of a build backend (PEP 517, PEP 660): run by the interpreter of its environment.

Arguments: a JSON file with what to do, and the one to write the answer to. Python 3.8 and newer.
"""

import importlib
import json
import os
import sys


def main() -> None:
    """Answer with the name of what was built, or with the requirements that are missing.

    Nothing is built where there is no folder to build into.
    """
    question, told = sys.argv[1:3]  # setuptools changes them
    with open(question, encoding="utf-8") as stream:
        asked = json.load(stream)
    sys.path[:1] = [os.path.join(os.getcwd(), path) for path in asked["backend_path"]]
    module, _, name = asked["backend"].partition(":")
    backend = importlib.import_module(module)
    for attribute in filter(None, name.split(".")):
        backend = getattr(backend, attribute)
    kind, settings = asked["kind"], asked["settings"] or None
    hook = getattr(backend, "build_" + kind, None)
    answer = {}
    if hook is None:
        answer["unsupported"] = kind
    else:
        requires = getattr(backend, "get_requires_for_build_" + kind, None)
        wanted = [str(line) for line in requires(settings)] if requires else []
        missing = [line for line in wanted if line not in asked["installed"]]
        if missing or asked["into"] is None:
            answer["missing"] = missing
        else:
            answer["built"] = hook(asked["into"], settings)
    with open(told, "w", encoding="utf-8") as stream:
        json.dump(answer, stream)


if __name__ == "__main__":
    main()
