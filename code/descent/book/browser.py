"""Find the browsers for the page tests, or install them.

    python -m descent.book.browser             say where each is; install Chromium first where there
                                               is none, and under CI=true the others too
    python -m descent.book.browser Chromium    the same for those named, which must be there

Chromium or Chrome runs all page tests, Firefox and WebKit (WebKitGTK) a smoke of a few pages.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

__all__ = ["ARGUMENTS", "BROWSERS", "chromium", "find", "install", "main"]

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


def chromium():
    """Return the path of Chromium or Chrome; ValueError says how to get one."""
    if (path := find()) is None:
        raise ValueError("no Chromium or Chrome: "
                         "`python -m descent.book.browser Chromium` installs one")
    return path


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


def main(arguments=None):
    """Print the browsers' paths; return 1 if one is missing that must be there."""
    parser = argparse.ArgumentParser(prog="python -m descent.book.browser")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BROWSERS))
    names = parser.parse_args(arguments).names
    if unknown := set(names) - set(BROWSERS):
        parser.error(f"NAME must be of {', '.join(BROWSERS)}, got {', '.join(sorted(unknown))}")
    needed = names or (list(BROWSERS) if os.environ.get("CI") == "true" else [])
    missing = [name for name in needed or ["Chromium"] if not find(name)]
    if missing:
        install(missing)
    paths = {name: find(name) for name in names or BROWSERS}
    for name, path in paths.items():
        print(f"{name}: {path or 'none found, so its page tests are skipped'}",
              file=sys.stdout if path else sys.stderr)
    return int(not all(paths[name] for name in needed))


if __name__ == "__main__":
    raise SystemExit(main())
