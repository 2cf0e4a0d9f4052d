"""The documentation's site: built strictly, and read in a real browser without a request to another host."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.projects import REPOSITORY
from tests.support.wait import until

CONFIG = REPOSITORY / "mkdocs.yml"
TABS = ["Home", "Tutorial", "How-to", "Reference", "Explanation", "How it compares", "Benchmarks"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=REPOSITORY,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Nothing: requests are no news."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_every_page_is_in_the_navigation_and_none_loads_from_elsewhere(site: Path) -> None:
    docs = REPOSITORY / "docs"
    pages = {path.relative_to(docs) for path in docs.rglob("*.md") if path.parent.name != "registry"}
    built = {path.relative_to(site) for path in site.rglob("*.html")} - {Path("404.html")}
    assert len(built) == len(pages)
    home = (site / "index.html").read_text("utf-8")
    for path in built - {Path("index.html")}:
        assert f'href="{path.as_posix()}"' in home, path
    for path in built:
        loaded = re.findall(
            r"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=["']?(https?:[^"' >]+)""",
            (site / path).read_text("utf-8"),
        )
        assert loaded == [], path


def test_no_mark_of_the_source_is_left(site: Path) -> None:
    """What Markdown did not take shows as text: a table, a fence, a heading, a tab."""
    for path in site.rglob("*.html"):
        text = re.sub(r"<(pre|code|script|style)\b.*?</\1>", "", path.read_text("utf-8"), flags=re.DOTALL)
        text = re.sub(r"<[^>]*>", "", text)
        assert re.findall(r"^\s*(?:\|.*\||```\w*|#{1,4} .*|===.*)$", text, flags=re.MULTILINE) == [], path


def requested(browser: Any) -> list[str]:
    """Addresses of all that the page has loaded."""
    script = "return performance.getEntries().map(each => each.name).filter(name => /^[a-z]+:/.test(name))"
    found: list[str] = browser.execute_script(script)
    return found


def test_every_entry_of_the_navigation_opens_in_a_browser(browser: Any, address: str) -> None:
    browser.get(f"{address}/index.html")
    browser.get_log("browser")
    for tab in TABS:
        browser.find_element("link text", tab).click()
        assert browser.find_element("css selector", ".md-tabs__item--active").text == tab
    links = (
        "return [...new Set([...document.querySelectorAll('nav.md-nav--primary a')].map(a => a.href.split('#')[0]))]"
    )
    pages = browser.execute_script(links)
    assert len(pages) > 50
    for page in pages:
        browser.get(page)
        assert browser.find_element("css selector", "h1").text, page
        assert [each for each in requested(browser) if not each.startswith(address)] == [], page
        assert browser.get_log("browser") == [], page


def test_the_search_answers(browser: Any, address: str) -> None:
    browser.get(f"{address}/index.html")
    browser.find_element("css selector", "[data-md-component=search-query]").send_keys("concurrencyLimit")
    found = until(lambda: browser.find_elements("css selector", ".md-search-result__link"))
    assert found[0].get_attribute("href").startswith(address)
    assert [each for each in requested(browser) if not each.startswith(address)] == []
    assert browser.get_log("browser") == []


def test_pictures_are_small_used_and_complete() -> None:
    docs = REPOSITORY / "docs"
    pages = "".join(path.read_text("utf-8") for path in docs.rglob("*.md"))
    pictures = [*(docs / "pictures").iterdir()]
    assert {path.suffix for path in pictures} == {".svg", ".png"}
    for path in pictures:
        assert path.stat().st_size < 150_000, path
        assert f"pictures/{path.name})" in pages, path
        if path.suffix == ".svg":
            assert not re.search(r"""(?:url\(|href=|src=)["']?https?:""", path.read_text("utf-8")), path


def test_the_navigation_names_each_page_once() -> None:
    text = re.sub(r"!!python/\S+", "", CONFIG.read_text("utf-8"))
    named = re.findall(r"\b[\w./-]+\.md\b", str(yaml.safe_load(text)["nav"]))
    assert sorted(named) == sorted({*named})
