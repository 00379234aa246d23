"""Write a GitLab pipeline with one job for each session that nox lists."""

import json
import sys
from pathlib import Path

NOX = "uv run --only-group tasks nox"


def pipeline(sessions: list[dict[str, str]]) -> dict[str, object]:
    """Give the child pipeline that runs *sessions*, as ``nox --list --json`` gives them."""
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
        "variables": {"FORCE_COLOR": "1", "GIT_DEPTH": "0", "UV_LOCKED": "1"},
        "default": {
            "image": "ghcr.io/astral-sh/uv:0.13-python3.13-bookworm",
            "interruptible": True,
            "timeout": "20 minutes",
        },
        "stages": ["test", "report"],
    }
    return {**common, **jobs, "coverage": report}


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    target.write_text(json.dumps(pipeline(json.loads(source.read_text())), indent=2))
