"""The browser: the system's Chromium, driven by Playwright, on a served system on loopback.

Where there is no Chromium these tests say that they were skipped, and how to get it; with CI=true nothing is skipped.
"""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
_QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(
    scope="module"
)  # no longer: while Playwright is open, Prefect takes this thread for one of a running loop
def page() -> Iterator[Page]:
    """Give a page of a headless Chromium whose clock and language are Tokyo's."""
    if not CHROMIUM and os.environ.get("CI") != "true":
        pytest.skip("no Chromium on this machine: the dashboard was not looked at. Get it with: make browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_QUIET))
        context = browser.new_context(
            locale="ja-JP", timezone_id="Asia/Tokyo", viewport={"width": 1440, "height": 1100}
        )
        context.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)  # the log of a run comes in bundles
        yield context.new_page()
        browser.close()
