"""The table over all stacks: cells, JSON, page."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from prefect_pulumi.models.release_record import CheckResult, ReleaseRecord, Verification
from prefect_pulumi.promotion import overview
from prefect_pulumi.promotion.overview import HealthProblem, Row, Runs
from prefect_pulumi.promotion.release_records import StackReleases

RECORD = ReleaseRecord("prod-2", "c" * 40, promoted={"release": "dev-3", "stage": "dev"})
GOOD = Row(
    "prod",
    made=True,
    release=RECORD,
    verified="2026-11-25T07:44:15+00:00",
    drift="in sync",
    workers=(2, 2),
    runs=Runs(
        {"COMPLETED": 3},
        {"name": "<b>run</b>", "state": "Completed", "time": "2026-11-25T07:44:15Z"},
        next={"deployment": "etl/daily", "time": "2026-11-26T07:00:00Z"},
    ),
    health=(),
)
MEANT = ("good", "notice", "bad")
BAD = Row(
    "dev|<script>",
    made=True,
    pinned="dev-9",
    under_way="promote stopped at: deploy",
    verified="failed: workers",
    drift="drift",
    drifted=4,
    workers=(1, 2),
    runs=Runs({"FAILED": 200}, {"name": "r", "state": "Failed", "time": "2026-11-25T07:44:15Z"}, more=True),
    problem="no connection & more",
    health=(
        HealthProblem("etl/<i>daily", "2 runs wait since yesterday", "http://x/deployments/deployment/1?a=1&b=2"),
        HealthProblem("work pool etl", "no worker of it is online"),
    ),
    refused="promote failed 2026-11-25 07:44 UTC, by ann: drift",
)


def test_cells_say_what_is_the_case() -> None:
    assert overview.cells(GOOD) == [
        ("prod", ""),
        ("prod-2 cccccccccccc of dev-3", ""),
        ("2026-11-25 07:44 UTC", "good"),
        ("in sync", "good"),
        ("healthy", "good"),
        ("2 of 2 online", "good"),
        ("Completed 2026-11-25 07:44 UTC; 24 h: 3 completed", "good"),
        ("etl/daily 2026-11-26 07:00 UTC", ""),
    ]
    assert overview.cells(BAD)[1:] == [
        ("none; promote stopped at: deploy", "bad"),
        ("failed: workers", "bad"),
        ("4 drifted", "bad"),
        ("2 problems", "bad"),
        ("1 of 2 online", "bad"),
        ("Failed 2026-11-25 07:44 UTC; 24 h: 200 failed or more", "bad"),
        ("-", ""),
    ]
    assert [text for text, _ in overview.cells(Row("new"))] == ["new", "not created yet", *["-"] * 6]


def test_verified_is_of_the_release_that_is_carried() -> None:
    good = Verification("prod-2", "t0", "t1", "ann", (CheckResult("drift", True, ""),))
    bad = Verification("prod-2", "t0", "t1", "ann", (CheckResult("drift", False, ""),))
    assert overview.verified_word(StackReleases(True, RECORD, (RECORD,), {"prod-2": good})) == "t1"
    assert overview.verified_word(StackReleases(True, RECORD, (RECORD,), {"prod-2": bad})) == "failed: drift"
    assert overview.verified_word(StackReleases(True, RECORD, (RECORD,), {"prod-1": good})) == "no"
    assert overview.verified_word(StackReleases(True)) == ""


def test_json_holds_every_row() -> None:
    document = json.loads(overview.as_json([GOOD, Row("new")], "team", "now"))
    assert [row["stack"] for row in document["stacks"]] == ["prod", "new"]
    assert document["stacks"][0]["workers"] == {"online": 2, "declared": 2}
    assert document["stacks"][1]["release"] is None


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_needs_nothing_else_and_reads_no_name_as_html() -> None:
    page = Page()
    page.feed(overview.html([GOOD, BAD], "team", "2026-11-25T08:00:00+00:00"))
    assert page.tags.count("tr") == 7  # one for the head, one for each stack, one for each line of the second
    assert not {"script", "link", "img", "b"} & set(page.tags)
    assert "dev|<script>" in page.text
    assert "no connection & more" in page.text


def test_the_page_in_a_browser(browser: Any, tmp_path: Path) -> None:
    """By day and by night, on a wide screen, and on a narrow one by keyboard alone."""
    path = tmp_path / "status.html"
    path.write_text(overview.html([GOOD, BAD, Row("new")], "team", "2026-11-25T08:00:00+00:00"), "utf-8")

    def colour_of(selector: str, what: str) -> str:
        return str(browser.find_element("css selector", selector).value_of_css_property(what))

    looks = {}
    for scheme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        browser.get(path.as_uri())
        looks[scheme] = [colour_of("body", "background-color"), *(colour_of(f"td.{m}", "color") for m in MEANT)]
        assert len(set(looks[scheme])) == 1 + len(MEANT)
        assert browser.save_screenshot(str(tmp_path / f"{scheme}.png"))
    assert not set(looks["light"]) & set(looks["dark"])
    heads = [each.text for each in browser.find_elements("css selector", "tbody th")]
    assert heads == ["prod", "dev|<script>", "new"]
    assert browser.find_element("css selector", ".problem").text == "no connection & more"
    assert browser.find_elements("css selector", "script, img, body b, body i") == []
    links = browser.find_elements("css selector", "a")
    assert [(link.text, link.get_attribute("href")) for link in links] == [
        ("etl/<i>daily: 2 runs wait since yesterday", "http://x/deployments/deployment/1?a=1&b=2")
    ]

    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    screen = {"width": 420, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        ActionChains(browser).send_keys(Keys.TAB).perform()
        focused = browser.switch_to.active_element
        assert focused.get_attribute("aria-label") == "stacks"
        assert focused.value_of_css_property("outline-style") == "solid"
        for _ in range(20):
            ActionChains(browser).send_keys(Keys.ARROW_RIGHT).perform()
        assert browser.execute_script("return document.scrollingElement.scrollLeft") == 0
        assert browser.execute_script("return arguments[0].scrollLeft", focused) > 0
        assert browser.save_screenshot(str(tmp_path / "narrow.png"))
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert browser.get_log("browser") == []
