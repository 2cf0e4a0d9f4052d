"""A Chromium without a window."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PROGRAM, DRIVER = "chromium", "chromedriver"


def is_installed() -> bool:
    return shutil.which(PROGRAM) is not None and shutil.which(DRIVER) is not None


@contextmanager
def chromium(width: int = 1440, height: int = 1200) -> Iterator[Any]:
    """A driver; what the console of its page says can be read by `get_log("browser")`."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which(PROGRAM))
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(word)
    options.add_argument(f"--window-size={width},{height}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which(DRIVER)))
    try:
        yield driver
    finally:
        driver.quit()
