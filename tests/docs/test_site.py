"""The documentation of this repository: built strictly, and opened in a real browser."""

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from faults.outcomes import FILE as FAULTS
from faults.stage import COMBINATIONS, WORKFLOWS
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from support.browser import BROWSER, DRIVER, FETCHED, browser, complaints, served
from support.render import REPOSITORY

BROKEN_PICTURES = """
return [...document.images].filter(image => getComputedStyle(image).display != 'none')
  .filter(image => !image.complete || image.naturalWidth < 100).map(image => image.src)
"""
LINKS = "return [...document.querySelectorAll('a[href]')].map(a => a.href)"
IDS = "return [...document.querySelectorAll('[id]')].map(each => each.id)"

FAULTS_OF_EVERY_WORKFLOW = {
    *("SIGKILL at every step", "SIGINT at every step", "disk full", "project folder read-only"),
    *("index unreachable", "index slow", "index breaks off in the middle"),
    *("clock set back a day", "sources from the future"),
    "file system: behind a network protocol",
    *(f"{count} installs at once" for count in (2, 4, 8)),
}
LOADS = {
    *(f"{count} installs of two checkouts at once" for count in (2, 4, 8)),
    *("200 installs in a row", "20,000 files"),
}


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--quiet", "docs", str(folder)]
    # What sphinx keeps for the next build goes with the folder.
    done = subprocess.run(build, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_reached(site: Path) -> None:
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    for kind in ("tutorial", "how-to", "explanation", "reference", "decisions"):
        assert any(page.startswith(f"{kind}/") for page in pages), kind


@pytest.mark.slow
@pytest.mark.skipif(not (BROWSER and DRIVER), reason="there are no chromium and chromedriver here")
def test_in_a_browser(site: Path, tmp_path: Path) -> None:
    pages = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    ids: dict[str, set[str]] = {}
    links: dict[str, list[str]] = {}
    with served(site) as address, browser(tmp_path / "profile") as chrome:
        for page in pages:
            chrome.get(f"{address}/{page}")
            assert complaints(chrome) == [], page
            assert chrome.execute_script(BROKEN_PICTURES) == [], page
            fetched = chrome.execute_script(FETCHED)
            assert [what for what in fetched if not what.startswith(address)] == [], page
            ids[page] = set(chrome.execute_script(IDS))
            links[page] = [a for a in chrome.execute_script(LINKS) if a.startswith(address)]
        for page, found in links.items():
            for link in found:
                target, fragment = urldefrag(link.removeprefix(f"{address}/"))
                target = target if not target or target.endswith("html") else f"{target}index.html"
                if target.startswith("_"):
                    continue
                assert target in ids or (not target and "index.html" in ids), f"{page}: {link}"
                assert not fragment or unquote(fragment) in ids[target or "index.html"], link
        chrome.get(f"{address}/search.html?q=egg-info")
        results = (By.CSS_SELECTOR, "#search-results li")
        WebDriverWait(chrome, 20).until(lambda c: c.find_elements(*results))
        told = "\n".join(each.text for each in chrome.find_elements(*results))
        assert "build caches, explained" in told
        assert complaints(chrome) == []


def test_links_of_the_readme_lead_somewhere() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        text = (REPOSITORY / name).read_text(encoding="utf-8")
        for link in re.findall(r"\]\(([^)#]+)", text) + re.findall(r'src(?:set)?="([^"]+)"', text):
            if "://" not in link:
                assert (REPOSITORY / link).exists(), f"{name}: {link}"


def test_every_fault_was_tried_with_every_workflow_and_project() -> None:
    rows = [json.loads(line) for line in FAULTS.read_text(encoding="utf-8").splitlines()]
    tried = {(row["fault"], row["verb"], row["project"]) for row in rows}
    assert not any("a mixture" in row["outcomes"] for row in rows if row["verb"] != "dev")
    for fault in FAULTS_OF_EVERY_WORKFLOW:
        for workflow in WORKFLOWS:
            for combination in COMBINATIONS:
                assert (fault, workflow.verb, str(combination)) in tried, fault
    assert {fault for fault, _, _ in tried} == {*FAULTS_OF_EVERY_WORKFLOW, *LOADS}
