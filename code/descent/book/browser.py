"""Find the browsers for the page tests, or install them.

    python -m descent.book.browser       say where each is; install Chromium first where there is
                                         none, and under CI=true the others too

Chromium or Chrome runs all page tests, Firefox and WebKit (WebKitGTK) a smoke of a few pages.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

__all__ = ["ARGUMENTS", "BROWSERS", "find", "install", "main"]

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]

# The packages of each for apt.
BROWSERS = {"Chromium": ["chromium"], "Firefox": ["firefox-esr"],
            "WebKit": ["webkit2gtk-driver", "xvfb"]}

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def find(browser="Chromium"):
    """Return the path of one of the browsers on this machine, or None."""
    return {"Chromium": _chromium, "Firefox": _firefox, "WebKit": _webkit}[browser]()


def _chromium():
    places = [*map(shutil.which, _NAMES), *_APPLICATIONS]
    here = next((path for path in places if path and Path(path).is_file()), None)
    return here or _playwrights_own()


def _playwrights_own():
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def _firefox():
    places = [shutil.which("firefox-esr"), "/Applications/Firefox.app/Contents/MacOS/firefox"]
    if not Path("/snap/bin/firefox").exists():  # a snap cannot read a profile that we make for it
        places.append(shutil.which("firefox"))
    return next((path for path in places if path and Path(path).is_file()), None)


def _webkit():
    if not (shutil.which("WebKitWebDriver") and shutil.which("Xvfb")):
        return None
    places = (place for folder in ("lib", "lib/*", "lib64", "libexec")
              for place in Path("/usr").glob(f"{folder}/webkit2gtk-4.*/MiniBrowser"))
    return next(map(str, places), None)


def install(browsers):
    """Install browsers by apt where this user may; Chromium, failing that, by Playwright."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        packages = " ".join(package for browser in browsers for package in BROWSERS[browser])
        _run("sh", "-c", f"apt-get update -q && apt-get install -qy {packages}")
    if "Chromium" in browsers and not find():
        _run(sys.executable, "-m", "playwright", "install", "chromium")


def _run(*command):
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False,
                   env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def main():
    """Print the browsers' paths; return 1 if CI lacks one."""
    ci = os.environ.get("CI") == "true"
    missing = [browser for browser in BROWSERS if not find(browser)]
    wanted = [browser for browser in missing if ci or browser == "Chromium"]
    if wanted:
        install(wanted)
    paths = {browser: find(browser) for browser in BROWSERS}
    for browser, path in paths.items():
        print(f"{browser}: {path or 'none found, so its page tests are skipped'}",
              file=sys.stdout if path else sys.stderr)
    return int(ci and not all(paths.values()))


if __name__ == "__main__":
    raise SystemExit(main())
