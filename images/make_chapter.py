"""Photograph the SGD chapter for the README: images/chapter.png, from the built book.

    make book && python images/make_chapter.py
"""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from descent.book.browser import ARGUMENTS, find

PAGE = Path(__file__).parents[1] / "_build/html/chapters/sgd.html"
WIDTH, HEIGHT = 860, 860


def photograph(page, section):
    """Return the top of a section as a picture."""
    box = page.locator(section).bounding_box()
    clip = {"x": box["x"] - 16, "y": box["y"] - 8, "width": WIDTH, "height": HEIGHT}
    return Image.open(io.BytesIO(page.screenshot(clip=clip, full_page=True))).convert("RGB")


def main():
    """Write the picture: the rule on the left, the playground on the right."""
    if not PAGE.is_file():
        raise SystemExit(f"{PAGE} is not built: run `make book` first")
    chromium = find()
    if chromium is None:
        raise SystemExit("no Chromium or Chrome: run `python -m descent.book.browser` first")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        page.goto(PAGE.as_uri())
        page.locator("section#playground .descent-playground").first.scroll_into_view_if_needed()
        page.wait_for_selector("section#playground .descent-playground[data-ready='1']")
        page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
        pictures = [photograph(page, f"section#{name}") for name in ("from-scratch", "playground")]
        browser.close()
    whole = Image.new("RGB", (2 * WIDTH, HEIGHT), "white")
    for i, picture in enumerate(pictures):
        whole.paste(picture, (i * WIDTH, 0))
    whole = whole.quantize(200, method=Image.Quantize.FASTOCTREE)
    whole.save(Path(__file__).with_name("chapter.png"), optimize=True)


if __name__ == "__main__":
    main()
