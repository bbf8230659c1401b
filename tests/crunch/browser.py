"""Headless Chromium, as somebody looks at a node with it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver  # type: ignore[import-not-found]
from selenium.webdriver.chrome.service import Service  # type: ignore[import-not-found]

from support.waiting import wait_for

DESK = (1280, 900)
PHONE = (390, 844)


class Browser:
    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def show(self, url: str, size: tuple[int, int] = DESK, scheme: str = "light") -> None:
        width, height = size
        self._command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=size == PHONE)
        self._command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.driver.get(url)

    def text(self, selector: str = "body") -> str:
        return str(self.script(f"return document.querySelector({selector!r})?.innerText ?? ''"))

    def script(self, script: str) -> Any:
        return self.driver.execute_script(script)

    def click(self, selector: str) -> None:
        self.script(f"document.querySelector({selector!r}).click()")

    def fill(self, selector: str, text: str) -> None:
        self.script(f"document.querySelector({selector!r}).value = {text!r}")

    def picture(self, file: Path) -> None:
        """The whole page."""
        height = self.script("return document.documentElement.scrollHeight")
        width = self.script("return document.documentElement.clientWidth")
        shown = self._command("Page.captureScreenshot", captureBeyondViewport=True,
                              clip={"x": 0, "y": 0, "width": width, "height": height, "scale": 1})  # fmt: skip
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(shown["data"]))

    def complaints(self) -> list[str]:
        """What stands in its console: errors of scripts, and what its policy has kept out."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def nameless(self) -> list[str]:
        """Roles of what a screen reader would find here without a name."""
        nodes = self._command("Accessibility.getFullAXTree")["nodes"]
        named = {"button", "textbox", "combobox", "link", "image", "progressbar", "progressIndicator", "heading", "table", "log", "region"}
        return [node["role"]["value"] for node in nodes
                if not node.get("ignored") and node.get("role", {}).get("value") in named and not node.get("name", {}).get("value")]  # fmt: skip

    def roles(self) -> set[str]:
        return {node["role"]["value"] for node in self._command("Accessibility.getFullAXTree")["nodes"] if not node.get("ignored") and "role" in node}

    def wait_for(self, condition: Callable[[], Any], what: str, deadline: float = 60) -> Any:
        try:
            return wait_for(condition, what, deadline, 0.2)
        except AssertionError as error:
            raise AssertionError(f"{error}; the page says: {self.text()}") from None

    def _command(self, name: str, **parameters: Any) -> Any:
        return self.driver.execute_cdp_cmd(name, parameters)


@contextmanager
def browser() -> Iterator[Browser]:
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    try:
        yield Browser(driver)
    finally:
        driver.quit()
