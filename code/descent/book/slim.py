"""Take from the built pages what they load and do not use, and put off what they use later."""

import hashlib
import os
import re
from pathlib import Path

from descent.book import icons
from descent.files import save
from descent.widgets.widget import FOLDER

__all__ = ["slim"]

_SCRIPT = r'\s*<script\b[^>]*\bsrc="[^"]*{}[^"]*"[^>]*></script>'
_ICON_SCRIPT = re.compile(r"\s*<!-- So that users can add custom icons -->"
                          + _SCRIPT.format(r"/fontawesome\.js"))
_SEARCH = re.compile(_SCRIPT.format(r"(?:searchtools|language_data|searchindex)\.js"))
_DESIGN = re.compile(_SCRIPT.format(r"/design-tabs\.js")
                     + r'|\s*<link\b[^>]*\bhref="[^"]*/sphinx-design[^"]*"[^>]*>')
_MATHJAX = re.compile(r"\s*<script>window\.MathJax = [^<]*</script>|"
                      + _SCRIPT.format("mathjax/"))
_FORMULA = re.compile(r'class="(?:[^"]*\s)?math\b|\\\(|\\\[|\$\$|\\begin\{')
_STYLES = re.compile(r'(/styles/pydata-sphinx-theme\.css\?digest=)[^"]*')
_PICTURE = re.compile(r'<img (?![^>]*\bloading=)(?=[^>]*\bsrc="[^"]*_images/)')
_WIDGET = re.compile(r'(<div class="descent-playground" id="[^"]+")(>.*?</div>)\s*'
                     r'<script type="module">\n(.*?)</script>', re.S)

_RULE = re.compile(r'html\[data-theme="(\w+)"\] \.highlight(?: \.(\w+))? \{ *([^}]*?) *\}')


def slim(site):
    """Rewrite the pages of a built site, and the style sheet of its theme."""
    static = Path(site, "_static")
    sheets = [path.read_text(encoding="utf8") for path in sorted(static.rglob("*.css"))
              if path.name != "pydata-sphinx-theme.css"]
    theme = icons.style_sheet("".join(sheets))
    save(theme, static / "styles" / "pydata-sphinx-theme.css")
    for path in static.glob("scripts/fontawesome.js*"):
        path.unlink()
    words = _plain((static / "pygments.css").read_text(encoding="utf8"))
    widgets, used = static / "widgets", set()
    widgets.mkdir(exist_ok=True)
    for path in sorted(Path(site).rglob("*.html")):
        if static in path.parents:
            continue
        before = path.read_text(encoding="utf8")
        page = _without_unused(before, path.name, _digest(theme))
        page = words.sub(r"\1", page)
        page = _put_off(icons.draw(page, path.name), path, widgets)
        used |= set(re.findall(r'data-script="[^"]*/([^"/]+)"', page))
        if page != before:
            save(page, path)
    for path in widgets.iterdir():
        if path.name not in used:  # of an earlier build
            path.unlink()


def _without_unused(page, name, edition):
    page = _ICON_SCRIPT.sub("", page)
    page = _STYLES.sub(rf"\g<1>{edition}", page)  # so that no browser shows an older one it kept
    if name != "search.html" and "search_as_you_type = false" in page:
        page = _SEARCH.sub("", page)
    if not re.search(r'class="(?:[^"]*\s)?sd-', page):
        page = _DESIGN.sub("", page)
    page = _PICTURE.sub('<img loading="lazy" ', page)  # it comes as a reader comes near
    return page if _FORMULA.search(page) else _MATHJAX.sub("", page)


def _plain(styles):
    """Return a pattern for the words of code that look, in light and in dark, like bare text.

    Raises ValueError if the styles are not those of the two themes.
    """
    rules = {(theme, kind): rule for theme, kind, rule in _RULE.findall(styles)}
    themes, kinds = ({key[k] for key in rules} for k in (0, 1))
    if themes != {"light", "dark"}:
        raise ValueError(f"pygments.css has the themes {sorted(themes)}, not light and dark")
    plain = {theme: re.search(r"(?<![-\w])color: [^;]*", rules[theme, ""])[0] for theme in themes}
    same = [kind for kind in sorted(kinds - {""})
            if all(rules.get((theme, kind)) == plain[theme] for theme in themes)]
    return re.compile(rf'<span class="(?:{"|".join(same)})">([^<]*)</span>')


def _put_off(page, path, widgets):
    """Move what draws the page's widgets into files, which the page loads as a reader comes near.

    They are scripts of the old kind: a browser takes no module from a folder without a server.
    """
    def moved(match):
        place, text, drawing = match.groups()
        file = widgets / f"{_digest(drawing)}.js"
        save(f"(async () => {{\n{drawing}}})();\n", file)
        address = Path(os.path.relpath(file, path.parent)).as_posix()
        return f'{place} data-script="{address}"{text}'

    page, count = _WIDGET.subn(moved, page)
    if not count:
        return page
    nearby = (FOLDER / "nearby.js").read_text(encoding="utf8")
    return page.replace("</body>", f'<script type="module">\n{nearby}</script>\n</body>')


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12]
