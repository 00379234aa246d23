"""A package index that cannot be reached, is slow, or breaks off."""

import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from support.render import Combination
from support.server import serving
from support.world import output

from faults.outcomes import note
from faults.stage import NEW, OLD, PAIRS, Stage, Workflow

SLOWLY = 1.5
"""The seconds that the slow index thinks about each answer."""


class Index:
    """An index (PEP 503) of the wheels in *folder*, which behaves as *mood* says."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.mood = folder, "well"

    def handler(self) -> Callable[..., BaseHTTPRequestHandler]:
        """Return the class that answers."""
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.answer(self)

            do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

            def log_message(self, *_: object) -> None:
                """Stay silent."""

        return Handler

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer *request*: a page of links, a wheel, or what the mood makes of it."""
        if self.mood == "gone":
            request.close_connection = True
            return
        if self.mood == "slow":
            time.sleep(SLOWLY)
        name = request.path.rstrip("/").rpartition("/")[2]
        if name == "stale-probe":
            links = [f'<a href="../../{p.name}">{p.name}</a>' for p in self.folder.iterdir()]
            body, kind = "\n".join(links).encode(), "text/html"
        elif (self.folder / name).is_file():
            body, kind = (self.folder / name).read_bytes(), "application/octet-stream"
        else:
            request.send_error(404)
            return
        request.send_response(200)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if request.command == "GET":
            cut = self.mood == "cut" and kind == "application/octet-stream"
            request.wfile.write(body[: len(body) // 2] if cut else body)
            request.close_connection = cut


MOODS = {
    "gone": ("index unreachable", OLD),
    "slow": ("index slow", NEW),
    "cut": ("index breaks off in the middle", OLD),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("combination", "workflow", "mood"),
    [*((*PAIRS[0], mood) for mood in MOODS), (*PAIRS[1], "gone"), (*PAIRS[3], "gone")],
    ids=str,
)
def test_index(combination: Combination, workflow: Workflow, mood: str, tmp_path: Path) -> None:
    fault, expected = MOODS[mood]
    verb, in_venv = workflow.verb, workflow.in_venv
    stage = Stage(tmp_path, combination)
    index = Index(Path(stage.extra.pop("UV_FIND_LINKS")))
    with serving(index.handler()) as address:
        stage.extra |= {"UV_INDEX": f"{address}/simple/", "UV_HTTP_RETRIES": "1"}
        stage.make(verb)
        stage.change()
        old, before = stage.installed(in_venv=in_venv), stage.surroundings()
        index.mood = mood
        done = stage.make(verb, expect=None)
        outcome = stage.outcome(old, in_venv=in_venv)
        assert outcome == expected, output(done)
        assert (done.returncode == 0) == (expected == NEW), output(done)
        assert "error: unexpected" not in done.stderr, output(done)
        assert stage.surroundings() == before
        index.mood = "well"
        stage.comes_back(verb, in_venv=in_venv)
    note(fault, verb, combination, Counter({outcome: 1}))
