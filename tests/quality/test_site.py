"""The documentation site in a real browser: nothing complains, and the search finds a function."""

from pathlib import Path

import pytest
from quality.combinations import Everything
from quality.test_combinations import living
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from support.browser import BROWSER, DRIVER, FETCHED, browser, complaints, served

ZENSICAL = Everything("hatchling", "src", "library", docs="zensical", python_min="3.11")
SPHINX = Everything("hatchling", "src", "library", docs="sphinx", python_min="3.11")


@pytest.mark.slow
@pytest.mark.skipif(not (BROWSER and DRIVER), reason="there are no chromium and chromedriver here")
@pytest.mark.parametrize("combination", [ZENSICAL, SPHINX], ids=["zensical", "sphinx"])
def test_site(combination: Everything, tmp_path: Path) -> None:
    world = living(combination, tmp_path)
    world.make("docs")
    pages = sorted(path for path in (world.project / "site").rglob("*.html"))
    named = {path.parent.name if path.stem == "index" else path.stem for path in pages}
    assert {"site", "reference", "changelog"} <= named
    with served(world.project / "site") as address, browser(tmp_path / "profile") as chrome:
        for page in pages:
            chrome.get(f"{address}/" + page.relative_to(world.project / "site").as_posix())
            assert complaints(chrome) == [], page
            fetched = chrome.execute_script(FETCHED)
            assert [what for what in fetched if not what.startswith(address)] == [], page
        chrome.get(address)
        found = find_in_zensical if combination.docs == "zensical" else find_in_sphinx
        assert "shorten" in found(chrome, "shorten")
        assert complaints(chrome) == []


def find_in_zensical(chrome: Chrome, text: str) -> str:
    """Its search is in a shadow tree that takes the focus."""
    chrome.find_element(By.TAG_NAME, "body").send_keys(Keys.CONTROL, "k")
    waiting = WebDriverWait(chrome, 20)
    shadow = "return document.activeElement.shadowRoot"
    waiting.until(lambda c: c.execute_script(f"{shadow}?.querySelector('input')")).send_keys(text)
    links = f"{shadow} ? [...document.activeElement.shadowRoot.querySelectorAll('a')].map(a => a.innerText) : []"
    found: list[str] = waiting.until(
        lambda c: [told for told in c.execute_script(links) if text in told]
    )
    return "\n".join(found)


def find_in_sphinx(chrome: Chrome, text: str) -> str:
    box = chrome.find_element(By.NAME, "q")
    box.send_keys(text, Keys.ENTER)
    results = (By.CSS_SELECTOR, "#search-results li")
    WebDriverWait(chrome, 20).until(lambda c: c.find_elements(*results))
    return "\n".join(each.text for each in chrome.find_elements(*results))
