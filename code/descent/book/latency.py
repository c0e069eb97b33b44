"""How fast the playgrounds of the built pages answer, in a real browser."""

from pathlib import Path

from playwright.sync_api import sync_playwright

from descent.book.browser import ARGUMENTS, find

__all__ = ["latency"]

# Every value of every control, in turn: the handler, and the layout and paint it asks for.
_DRIVE = """async () => {
  const handler = [], painted = [];
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  for (const root of document.querySelectorAll(".descent-playground")) {
    for (const input of root.querySelectorAll("input")) {
      for (let k = 0; k <= +input.max; k++) {
        await frame();
        const begin = performance.now();
        input.value = k;
        input.dispatchEvent(new Event("input"));
        root.getBoundingClientRect();
        handler.push(performance.now() - begin);
        await frame();
        painted.push(performance.now() - begin);
      }
    }
  }
  const at = (values, q) => values.sort((a, b) => a - b)[Math.floor(q * (values.length - 1))];
  return [handler.length, at(handler, 0.5), at(handler, 0.95), at(painted, 0.5), at(painted, 0.95)];
}"""

_READY = """() => [...document.querySelectorAll(".descent-playground")]
  .every((root) => root.dataset.ready === "1")"""


def latency(root):
    """Return lines (what, measured): milliseconds from input to redraw and to paint, by page."""
    browser = find()
    pages = [path for path in sorted(Path(root, "_build/html/chapters").glob("*.html"))
             if "descent-playground" in path.read_text(encoding="utf8")]
    if browser is None or not pages:
        return [["playground latency", "no browser" if browser is None else "not built: make book"]]
    lines = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=ARGUMENTS)
        for path in pages:
            page = chromium.new_page()
            page.goto(path.resolve().as_uri())
            for playground in page.locator(".descent-playground").all():
                playground.scroll_into_view_if_needed()
            page.wait_for_function(_READY)
            count, *times = page.evaluate(_DRIVE)
            handler, handler_95, painted, painted_95 = times
            lines += [
                [f"{path.stem}: input handler with redraw, {count} inputs",
                 f"median {handler:.1f} ms, 95 % {handler_95:.1f} ms"],
                [f"{path.stem}: input to paint (a frame is 16.7 ms)",
                 f"median {painted:.1f} ms, 95 % {painted_95:.1f} ms"]]
        chromium.close()
    return lines
