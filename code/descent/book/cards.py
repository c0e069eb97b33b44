"""A picture of each chapter, for what a link to it shows elsewhere: its title and first figure.

    python -m descent.book.cards             write _build/html/_images/cards/NAME.png

The pages must be built, and Chromium or Chrome be here.
"""

import argparse
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from descent.book.browser import ARGUMENTS, chromium
from descent.book.published import CARDS
from descent.files import save

__all__ = ["SIZE", "draw", "main"]

SIZE = {"width": 1200, "height": 630}
_STYLE = """
body { all: unset; display: grid; grid-template: auto 1fr / 1fr auto; gap: 20px 40px;
    align-items: baseline; box-sizing: border-box; height: 100vh; padding: 36px 56px;
    background: white; color: #14181e; font-family: var(--pst-font-family-base) }
body > h1 { margin: 0; font-size: 46px } body > p { margin: 0; font-size: 28px }
body > figure { grid-column: 1 / 3; align-self: stretch; margin: 0 !important }
.descent-panels { flex-wrap: nowrap !important; align-items: center; height: 100% }
.descent-panels > div { flex: 1 1 0 !important; max-width: none !important }
.descent-panels svg { width: 100%; height: 100%; max-height: 440px }
"""
_CARD = """(style) => {
    const title = document.querySelector("h1"), figure = document.querySelector(".descent-figure");
    title.querySelectorAll(".headerlink, .section-number").forEach((part) => part.remove());
    figure.querySelector("figcaption")?.remove();
    const course = Object.assign(document.createElement("p"), { textContent: "Descent" });
    document.head.append(Object.assign(document.createElement("style"), { textContent: style }));
    document.body.replaceChildren(title, course, figure);
}"""


def draw(site, paths):
    """Draw the card of each of these pages of a built site, a list of paths; return the files.

    Raises ValueError where there is no browser or a page has no figure.
    """
    where = chromium()
    folder, made = Path(site, CARDS), []
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=where, args=ARGUMENTS)
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        for path in paths:
            page.goto(Path(path).resolve().as_uri())
            if not page.locator(".descent-figure").count():
                raise ValueError(f"{path}: no figure to show")
            page.evaluate(_CARD, _STYLE)
            made.append(folder / f"{Path(path).stem}.png")
            save(page.screenshot(), made[-1])
        browser.close()
    return made


def main(arguments=None):
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m descent.book.cards")
    parser.parse_args(arguments)
    site = Path("_build", "html")
    paths = sorted(site.glob("chapters/*.html"))
    if not paths:
        parser.error(f"no chapters in {site.resolve()}: build the book first")
    try:
        made = draw(site, paths)
    except ValueError as error:
        parser.error(str(error))
    print(f"{len(made)} pictures in {site / CARDS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
