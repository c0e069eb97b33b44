"""Find Chromium or Chrome for the page tests, or install it.

    python -m descent.book.browser       print its path; install it first where there is none
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

__all__ = ["ARGUMENTS", "find", "install", "main"]

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def find():
    """Return the path of a Chromium or Chrome on this machine, or None."""
    places = [*map(shutil.which, _NAMES), *_APPLICATIONS]
    here = next((path for path in places if path and Path(path).is_file()), None)
    return here or _playwrights_own()


def _playwrights_own():
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def install():
    """Install Chromium: by apt where this user may, else by Playwright. Return its path or None."""
    ways = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get") and os.geteuid() == 0:
        ways.insert(0, ["sh", "-c", "apt-get update -q && apt-get install -qy chromium"])
    for way in ways:
        if subprocess.run(way, stdout=subprocess.DEVNULL, check=False).returncode == 0 and find():
            return find()
    return None


def main():
    """Print the browser's path; return 1 if there is none and CI needs it."""
    path = find() or install()
    if path:
        print(f"browser: {path}")
        return 0
    print("no Chromium or Chrome found, and none could be installed: page tests are skipped",
          file=sys.stderr)
    return int(os.environ.get("CI") == "true")


if __name__ == "__main__":
    raise SystemExit(main())
