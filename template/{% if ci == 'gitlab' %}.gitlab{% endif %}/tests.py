"""Write a GitLab pipeline with one job for each session that nox lists."""

import json
import os
import sys
from pathlib import Path

NOX = "uv run --only-group tasks nox"


def pipeline(sessions: list[dict[str, str]], image: str) -> dict[str, object]:
    """Give the child pipeline that runs *sessions*, as ``nox --list --json`` gives them.

    It runs in *image*, that of the job which writes it.
    """
    reached = {"paths": [".coverage.*"], "expire_in": "1 day"}
    jobs: dict[str, object] = {
        each["session"]: {
            "stage": "test",
            "script": [f"{NOX} --download-python auto --session {each['session']}"],
            "artifacts": reached,
        }
        for each in sessions
    }
    report = {
        "stage": "report",
        "script": ["uv run nox --no-dependencies --session coverage"],
        "coverage": r"/^TOTAL.*\s(\d+(?:\.\d+)?)%$/",
        "artifacts": {"paths": ["htmlcov"], "when": "always", "expire_in": "1 week"},
    }
    common = {
        "workflow": {"rules": [{"when": "always"}]},
        "variables": {
            "FORCE_COLOR": "1",
            "GIT_DEPTH": "0",
            "UV_LOCKED": "1",
            "UV_CACHE_DIR": "$CI_PROJECT_DIR/.uv-cache",
            "UV_LINK_MODE": "copy",
        },
        "default": {
            "image": image,
            "interruptible": True,
            "timeout": "20 minutes",
            "cache": {"key": {"files": ["uv.lock"]}, "paths": [".uv-cache"]},
            "after_script": ["uv cache prune --ci"],
        },
        "stages": ["test", "report"],
    }
    return {**common, **jobs, "coverage": report}


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    listed = json.loads(source.read_text(encoding="utf-8"))
    made = pipeline(listed, os.environ["CI_JOB_IMAGE"])
    target.write_text(json.dumps(made, indent=2), encoding="utf-8")
