"""Sphinx extension: what the pages gain where the course is published, and only there.

Three variables say where: DESCENT_SITE, the address of the pages; DESCENT_REPOSITORY, that of the
sources; DESCENT_COMMIT, which of its commits they are. With them a page has its canonical address,
what a link to it shows elsewhere, links to its source, a new issue, its slides and the PDF, and its
notebook opens in Colab; the site has a map. At home none is set, and none of it appears.
"""

import html
import os
import re
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from sphinx.errors import ConfigError

from descent.files import save

__all__ = ["CARDS", "SHELF", "Address", "address", "setup"]

CARDS = "_images/cards"  # where `descent.book.cards` puts a picture of each chapter
SHELF = "study"  # the branch that holds the study notebooks: Colab opens what lies in a repository
_VARIABLES = {
    "DESCENT_SITE": (r"https://[\w.:-]+(?:/[\w./-]*)?", "https://HOST/PATH"),
    "DESCENT_REPOSITORY": (r"https://github\.com/[\w.-]+/[\w.-]+(?<!\.git)",
                           "https://github.com/OWNER/NAME"),
    "DESCENT_COMMIT": (r"[0-9a-f]{40}", "a commit's 40 hexadecimal digits"),
}
_FIGURE = re.compile(r'<figure class="descent-figure"[^>]*><div [^>]*\baria-label="([^"]*)"')


class Address(NamedTuple):
    """Where the course is published: the pages, with a slash at the end; the sources; a commit."""

    site: str
    repository: str
    commit: str

    @property
    def package(self):
        """What pip installs: the package as it was when the pages were made."""
        return f"descent[beyond] @ git+{self.repository}@{self.commit}"

    def colab(self, notebook):
        """Return the address that opens a study notebook, `NAME.ipynb`, in Colab."""
        owned = self.repository.removeprefix("https://github.com/")
        return f"https://colab.research.google.com/github/{owned}/blob/{SHELF}/{notebook}"


def address(environment=os.environ):
    """Return the `Address` that the environment tells, or None if it tells nothing of one.

    Raises ValueError for a variable that is missing beside the others, or is no such thing.
    """
    given = {name: environment.get(name, "") for name in _VARIABLES}
    if not any(given.values()):
        return None
    for name, (form, shown) in _VARIABLES.items():
        if not re.fullmatch(form, given[name]):
            raise ValueError(f"{name} must be {shown}, got {given[name]!r}; to publish nothing "
                             f"leave {', '.join(_VARIABLES)} unset")
    site, repository, commit = given.values()
    return Address(f"{site.rstrip('/')}/", repository, commit)


def setup(app):
    """Register the extension."""
    try:
        here = address()
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if here:
        app.setup_extension("sphinxext.opengraph")
        app.connect("config-inited", lambda app, config: _configure(config, here))
        app.connect("html-page-context", lambda *page: _show(here, *page), priority=400)
        app.connect("html-page-context", lambda *page: _offer(here, *page), priority=950)
    app.connect("build-finished", lambda app, exception: _map(here, app, exception))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _configure(config, here):
    config.html_baseurl = config.ogp_site_url = here.site
    config.ogp_site_name = config.html_title
    config.ogp_social_cards = {"enable": False}  # they would be drawn of words alone
    config.html_theme_options |= {
        "repository_url": here.repository, "repository_branch": here.commit,
        "use_repository_button": True, "use_source_button": True, "use_issues_button": True}


def _show(here, app, name, template, context, doctree):
    """Let a link to a chapter show its first figure, before the tags of that are written."""
    if figure := _FIGURE.search(context.get("body", "")):
        context["meta"] = {
            **(context.get("meta") or {}),
            "og:image": f"{here.site}{CARDS}/{Path(name).name}.png",
            "og:image:alt": html.unescape(figure[1]),
            "og:image:width": "1200", "og:image:height": "630"}


def _offer(here, app, name, template, context, doctree):
    """Put what else there is of a page beside the download of its study notebook."""
    def link(url, text, icon, tooltip):
        return {"type": "link", "url": url, "text": text, "icon": f"fas fa-{icon}",
                "label": f"{icon}-button", "tooltip": tooltip}

    own, pathto = Path(name).name, context["pathto"]
    offered = [link(here.colab(f"{own}.ipynb"), "open in Colab", "cloud",
                    "The notebook on a machine of Google's; it asks for an account"),
               link(pathto("descent.pdf", 1), "all of it, PDF", "book", "The whole book, to print")]
    if name.startswith("chapters/"):
        offered.append(link(pathto(f"slides/{own}.html", 1), "slides", "person-chalkboard",
                            "What is to be seen in the first reading, as a deck"))
    for group in context.get("header_buttons", []):
        labels = [button["label"] for button in group.get("buttons", [])]
        if "download-study-button" in labels:
            group["buttons"] += offered


def _map(here, app, exception):
    """List the pages for search engines; at home leave no list of an earlier build."""
    if exception is not None or app.builder.format != "html":
        return
    file = Path(app.outdir, "sitemap.xml")
    if here is None:
        file.unlink(missing_ok=True)
        return
    pages = sorted(app.builder.get_target_uri(name) for name in app.env.found_docs)
    listed = "".join(f"<url><loc>{escape(here.site + page)}</loc></url>\n" for page in pages)
    save('<?xml version="1.0" encoding="utf-8"?>\n'
         f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{listed}</urlset>\n', file)
