"""Takes the picture of the page that README.md shows: picture.py FILE"""

import os
import sys

from httpd import running
from playwright.sync_api import sync_playwright

with running() as httpd, sync_playwright() as playwright:
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": 1000, "height": 900}, color_scheme="light")
    page.goto(f"{httpd.base}/docs/?number=50")
    page.get_by_text("30414").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=sys.argv[1])
    browser.close()
