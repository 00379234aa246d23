"""`make audit` asks, and where it could not ask it says so: never a false green."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from quality.combinations import Everything
from quality.test_combinations import living
from support.server import serving
from support.world import output

CLI = Everything("hatchling", "src", "cli", docs="none", ci="none", python_min="3.11")
SILENT = "could not reach the vulnerability database"
KNOWN = {
    "id": "PYSEC-2000-1",
    "modified": "2024-01-01T00:00:00Z",
    "published": "2024-01-01T00:00:00Z",
    "summary": "staged",
    "affected": [{"package": {"name": "iniconfig", "ecosystem": "PyPI"}, "versions": ["2.0.0"]}],
}


@contextmanager
def database(vulnerable: str, *, broken: bool = False) -> Iterator[str]:
    """Serve OSV's API (https://google.github.io/osv.dev/api/) with one entry; give the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found = {"vulns": [{"id": KNOWN["id"], "modified": KNOWN["modified"]}]}
            self.answer(
                {
                    "results": [
                        found if query["package"]["name"] == vulnerable else {}
                        for query in asked["queries"]
                    ]
                }
            )

        def do_GET(self) -> None:
            self.answer(KNOWN)

        def answer(self, content: object) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>" if broken else json.dumps(content).encode())

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with serving(Handler) as address:
        yield f"ARGS=--service-url {address}"


@pytest.mark.slow
def test_audit(tmp_path: Path) -> None:
    world = living(CLI, tmp_path)
    world.extra |= {"NO_PROXY": "127.0.0.1", "UV_HTTP_RETRIES": "0"}
    with database("nobody") as address:
        done = world.make("audit", address)
        assert "audit was successful" in output(done)
    with database("iniconfig") as address:
        done = world.make("audit", address, expect=2)
        assert str(KNOWN["id"]) in output(done)
        assert SILENT not in output(done)
    with database("iniconfig", broken=True) as address:
        assert SILENT in output(world.make("audit", address, expect=2))
    assert SILENT in output(world.make("audit", "ARGS=--service-url http://127.0.0.1:9", expect=2))
    assert SILENT in output(world.make("audit", "ARGS=--offline", expect=2))
