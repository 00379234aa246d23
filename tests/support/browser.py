"""A real browser, headless, and what it says of a site that is served on the loopback."""

import functools
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions, ChromeService

from support.server import serving

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

FETCHED = "return performance.getEntriesByType('resource').map(each => each.name)"


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Stay silent."""


def served(folder: Path) -> AbstractContextManager[str]:
    return serving(functools.partial(Silent, directory=str(folder)))


@contextmanager
def browser(profile: Path) -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = str(BROWSER)
    quiet = ["background-networking", "component-update", "sync", "gpu", "quic"]
    for argument in ["headless", "no-sandbox", "no-first-run", *(f"disable-{q}" for q in quiet)]:
        options.add_argument(f"--{argument}")
    options.add_argument(f"--user-data-dir={profile}")
    options.add_argument("--window-size=1400,900")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = Chrome(options=options, service=ChromeService(str(DRIVER)))
    try:
        yield chrome
    finally:
        chrome.quit()


def complaints(chrome: Chrome) -> list[Any]:
    """What the browser's console says but for the icon that it asks every site for."""
    log: list[Any] = chrome.get_log("browser")  # type: ignore[no-untyped-call]
    return [entry for entry in log if "favicon.ico" not in entry["message"]]
