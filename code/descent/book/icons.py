"""The icons of the pages: each drawn where it stands, from what the theme ships.

The theme has Font Awesome Free twice over, as a script of 2000 drawings that replaces every icon by
its drawing once the page is there, and as fonts; together more than the rest of a page. Here the
drawings replace the icons when the book is built, and the font keeps what the style sheet names.
"""

import base64
import functools
import html
import io
import itertools
import re
from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset
from fontTools.ttLib import TTFont

__all__ = ["THEME", "draw", "style_sheet"]

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"

_STYLES = {"fa": "fas", "fas": "fas", "fa-solid": "fas", "far": "far", "fa-regular": "far",
           "fab": "fab", "fa-brands": "fab"}
_ICON = re.compile(r'<(i|span)((?:\s[^<>]*)?\sclass="[^"]*\bfa-[^"]*"[^<>]*)>\s*</\1>')
_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
_DRAWING = re.compile(r'[{,]"?([\w-]+)"?:\[(\d+),(\d+),\[([^\]]*)\],"\w+","([^"]+)"\]')
_GLYPH_RULE = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"[^"]+"\}')
_LICENSE = """/* Icons: Font Awesome Free 6 by @fontawesome, https://fontawesome.com, CC BY 4.0;
   its font, cut down to what this style sheet shows: SIL OFL 1.1.
   License - https://fontawesome.com/license/free */
"""


def draw(page, name):
    """Return a page with each icon drawn as the theme's script would draw it.

    Raises ValueError, with the page's name and the classes, for an icon without a drawing.
    """
    titles = itertools.count(1)

    def drawn(match):
        attributes = dict(_ATTRIBUTE.findall(match[2]))
        classes = attributes.pop("class").split()
        style = next((_STYLES[c] for c in classes if c in _STYLES), "fas")
        shapes = _drawings()[style]
        icon = next((c for c in classes if c not in _STYLES and c[:3] == "fa-" and c[3:] in shapes),
                    None)
        if icon is None:
            raise ValueError(f"{name}: the icon '{' '.join(classes)}' has no drawing")
        width, height, path = shapes[icon[3:]]
        rest = [c for c in classes if c not in _STYLES and c != icon]
        title = attributes.pop("title", None)
        if title is None:
            said, hidden = "", {"aria-hidden": "true", "focusable": "false"}
        else:
            own = f"icon-title-{next(titles)}"
            said, hidden = f'<title id="{own}">{title}</title>', {"aria-labelledby": own}
        attributes = {"class": " ".join(["svg-inline--fa", icon, *rest]), "role": "img",
                      "viewBox": f"0 0 {width} {height}", **hidden, **attributes}
        listed = " ".join(f'{key}="{value}"' for key, value in attributes.items())
        return (f'<svg xmlns="http://www.w3.org/2000/svg" {listed}>{said}'
                f'<path fill="currentColor" d="{html.escape(path)}"/></svg>')

    return _ICON.sub(drawn, page)


def style_sheet(others=""):
    """Return the theme's style sheet with rules for the drawings, and a font of a few glyphs.

    They are those that it names itself, or one of the `others`, and what the theme's scripts add
    to a page.
    """
    css = _read("styles/pydata-sphinx-theme.css")
    scripts = _read("scripts/pydata-sphinx-theme.js") + _read("scripts/bootstrap.js")
    added = {f".fa-{name}:before" for name in re.findall(r"\bfa-([\w-]+)", scripts)}
    css = _GLYPH_RULE.sub(lambda rule: rule[0] if added & set(rule[1].split(",")) else "", css)
    glyphs = sorted({ord(c) for c in css if "\ue000" <= c <= "\uf8ff"}
                    | {int(c, 16) for c in re.findall(r"\\([ef][0-9a-f]{3})\b", css + others)})
    ranges = ",".join(f"U+{glyph:x}" for glyph in glyphs)
    # The later face of one name is asked first, so that nobody fetches the earlier for these.
    face = ('@font-face{font-display:block;font-family:"Font Awesome 6 Free";font-style:normal;'
            f"font-weight:900;unicode-range:{ranges};"
            f"src:url(data:font/woff;base64,{_font(glyphs)})}}")
    return f"{_LICENSE}{_sizes()}\n{css}\n{face}\n"


def _read(name):
    return (THEME / name).read_text(encoding="utf8")


@functools.cache
def _drawings():
    """Return by style and by name: width, height and path, as the theme's script has them."""
    script, found, start = _read("scripts/fontawesome.js"), {}, 0
    for style in ("fab", "far", "fas"):
        end = script.index(f'("{style}",', start)
        found[style] = {
            name: (width, height, path)
            for own, width, height, others, path in _DRAWING.findall(script, start, end)
            for name in (own, *re.findall(r'"([\w-]+)"', others))}
        start = end
    return found


def _sizes():
    """Return the rules for drawings that the theme's script would bring."""
    rules = re.findall(r"[^{}'\"]*svg-inline--fa[^{}'\"]*\{[^{}'\"]*\}",
                       _read("scripts/fontawesome.js"))
    return "".join(dict.fromkeys(rules))


def _font(glyphs):
    """Return the theme's font of solid icons with these glyphs only, as base64 of a WOFF."""
    font = TTFont(THEME / "vendor/fontawesome/webfonts/fa-solid-900.ttf", recalcTimestamp=False)
    options = subset.Options(flavor="woff", layout_features=[], name_IDs=[0, 1, 2, 13, 14])
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=glyphs)
    cutter.subset(font)
    font.flavor = "woff"
    target = io.BytesIO()
    font.save(target)
    return base64.b64encode(target.getvalue()).decode()
