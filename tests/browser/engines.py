"""Firefox and WebKit, told what to do in the words of WebDriver (W3C), and without a library.

Firefox takes its commands by a socket, by Marionette's names for them; WebKit's driver by HTTP, by
their paths. An `Engine` is one running browser with one page.
"""

import json
import os
import socket
import subprocess
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psutil

from descent.book.browser import find

__all__ = ["ENTER", "LEFT", "RIGHT", "Engine", "Firefox", "WebKit"]

ENTER, LEFT, RIGHT = "\ue007", "\ue012", "\ue014"
START = 120    # seconds that a browser may take until it listens
COMMAND = 200  # and a command until it is answered

# Ahead of all scripts of a page.
GATHER = """<script>globalThis.descentErrors = [];
addEventListener("error", (event) => descentErrors.push(event.message
    ?? `not loaded: ${event.target.src ?? event.target.href}`), true);
addEventListener("unhandledrejection", (event) => descentErrors.push(`rejected: ${event.reason}`));
</script>"""


class Engine:
    """A browser that shows one page of a site from its files."""

    def __init__(self, site):
        self.site, self.ends, self.processes = Path(site), ExitStack(), []
        try:
            self._start(find(type(self).__name__))
            self._send("SetTimeouts", "timeouts", script=(COMMAND - 20) * 1000)
        except BaseException:
            self.ends.close()
            raise

    def open(self, name):
        """Open a page of the site and return when it is loaded."""
        self._send("Navigate", "url", url=(self.site / name).as_uri())

    def reload(self):
        self._send("Refresh", "refresh")

    def evaluate(self, function, *arguments):
        """Return what a JavaScript function returns, or what it promises."""
        return self._send("ExecuteScript", "execute/sync", args=arguments,
                          script=f"return ({function})(...arguments)")

    def wait(self, function, *arguments, seconds=60):
        """Ask a JavaScript function until what it returns is true, and return that."""
        end = time.monotonic() + seconds
        while not (found := self.evaluate(function, *arguments)):
            if time.monotonic() > end:
                raise TimeoutError(f"{seconds} s without {function} {arguments}")
            time.sleep(0.02)
        return found

    def press(self, keys):
        """Press keys one after the other; the element that has the focus hears them."""
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._send("PerformActions", "actions",
                   actions=[{"type": "key", "id": "keyboard", "actions": strokes}])

    def click(self, selector):
        """Scroll to the first element that the selector finds, and click its middle."""
        self.evaluate("""(selector) => document.querySelector(selector).scrollIntoView(
            { block: "center", behavior: "instant" })""", selector)  # or the click comes too soon
        element = self._send("FindElement", "element", using="css selector", value=selector)
        name, = element.values()
        self._send("ElementClick", f"element/{name}/click", id=name)

    def errors(self):
        """Return the errors since this was asked last."""
        raise NotImplementedError

    def rest(self, seconds=60):
        """Return when the browser computes nothing; a TimeoutError if it never stops."""
        end, before = time.monotonic() + seconds, self._used()
        while True:
            time.sleep(0.5)
            now = self._used()
            if abs(now - before) < 0.1:
                return
            if time.monotonic() > end:
                raise TimeoutError(f"{seconds} s without a rest")
            before = now

    def _used(self):
        """Return the seconds that the browser's processes have computed."""
        used = 0
        for process in self.processes:
            for one in (process, *process.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    used += sum(one.cpu_times()[:2])
        return used

    def close(self):
        self.ends.close()

    def _start(self, binary):
        raise NotImplementedError

    def _send(self, command, path, **parameters):
        raise NotImplementedError

    def _run(self, *command, **options):
        """Start a process that ends when this does."""
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, **options)
        self.ends.callback(end, process)
        self.processes.append(psutil.Process(process.pid))

    def _until(self, ready):
        """Return what `ready` does as soon as it does without an OSError or a ValueError."""
        end = time.monotonic() + START
        while True:
            try:
                return ready()
            except (OSError, ValueError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)


def end(process):
    """End a process that was asked to, or make it."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Firefox(Engine):
    """Firefox. Its errors are those of its console: of the page, of its workers, rejected promises
    that nobody handles, scripts that do not load; not pictures and styles that do not load.
    """

    def _start(self, binary):
        profile = Path(self.ends.enter_context(TemporaryDirectory(ignore_cleanup_errors=True)))
        (profile / "user.js").write_text('user_pref("marionette.port", 0);\n', encoding="utf8")
        self._run(binary, "--headless", "--marionette", "--remote-allow-system-access",
                  "--no-remote", "--profile", str(profile))
        port = self._until(lambda: int(
            (profile / "MarionetteActivePort").read_text(encoding="utf8")))
        self.socket = self.ends.enter_context(
            socket.create_connection(("127.0.0.1", port), timeout=COMMAND))
        self.answers = self.ends.enter_context(self.socket.makefile("rb"))
        self._receive()
        self._send("NewSession", None, capabilities={})
        # A driven Firefox takes all files for one site. A reader's takes each for its own.
        self._inside("""() => {
            Services.prefs.setBoolPref("security.fileuri.strict_origin_policy", true);
            Services.console.reset();
        }""")

    def _receive(self):
        length = b""
        while (byte := self.answers.read(1)) != b":":
            if not byte:
                raise ConnectionError("Firefox has closed the connection")
            length += byte
        return json.loads(self.answers.read(int(length)))

    def _send(self, command, path, *, of="WebDriver", **parameters):
        text = json.dumps([0, 0, f"{of}:{command}", parameters]).encode()
        self.socket.sendall(b"%d:%b" % (len(text), text))
        _, _, error, result = self._receive()
        if error:
            raise RuntimeError(f"{command}: {error['error']}: {error['message']}")
        return result.get("value")

    def _inside(self, function):
        """Evaluate a function where Firefox's own interface lives."""
        self._send("SetContext", None, of="Marionette", value="chrome")
        try:
            return self.evaluate(function)
        finally:
            self._send("SetContext", None, of="Marionette", value="content")

    def errors(self):
        return self._inside("""() => {
            const all = Services.console.getMessageArray()
                .filter((one) => one instanceof Ci.nsIScriptError
                    && (!(one.flags & one.warningFlag) || one.category === "Script Loader")
                    && !/^(chrome|resource):/.test(one.sourceName))
                .map((one) => `${one.errorMessage} ${one.sourceName}:${one.lineNumber}`);
            Services.console.reset();
            return all;
        }""")


class WebKit(Engine):
    """WebKit. Its errors are those that a script hears ahead of all others on the page: errors,
    rejected promises that nobody handles, scripts, styles and pictures that do not load. Of an
    error in a file it hears that there was one, not which; of one in a worker nothing. WebKit tells
    a driver nothing of its console, so it shows copies of the pages, with that script in them.
    """

    def _start(self, binary):
        folder = Path(self.ends.enter_context(TemporaryDirectory()))
        gathering(self.site, folder)
        self.site = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._run("WebKitWebDriver", f"--port={port}",
                  env={**os.environ, "DISPLAY": self._display(), "GDK_BACKEND": "x11"})
        self.address = f"http://127.0.0.1:{port}"
        self._until(lambda: self._ask("GET", "/status"))
        options = {"binary": binary, "args": ["--automation"]}
        session = self._ask("POST", "/session", capabilities={
            "alwaysMatch": {"webkitgtk:browserOptions": options}})["sessionId"]
        self.address += f"/session/{session}"
        self.ends.callback(self._ask, "DELETE", "")

    def _display(self):
        """Start a screen that nobody sees and return its name."""
        ready, tell = os.pipe()
        with open(ready, encoding="utf8") as said:
            self._run("Xvfb", "-displayfd", str(tell), "-screen", "0", "1280x1024x24",
                      "-nolisten", "tcp", pass_fds=[tell])
            os.close(tell)
            return f":{int(said.readline())}"

    def _send(self, command, path, **parameters):
        return self._ask("POST", f"/{path}", **parameters)

    def _ask(self, method, path, **parameters):
        body = json.dumps(parameters).encode() if method == "POST" else None
        try:
            with urlopen(Request(self.address + path, body, method=method),
                         timeout=COMMAND) as answer:
                return json.load(answer)["value"]
        except HTTPError as error:
            with error:
                said = json.load(error)["value"]
            raise RuntimeError(f"{path}: {said['error']}: {said['message']}") from None

    def errors(self):
        return self.evaluate("() => descentErrors.splice(0)")


def gathering(site, folder):
    """Make a copy of a site whose pages gather errors; what is no page is a link."""
    pages = {path.relative_to(site) for path in site.rglob("*.html")}
    pages = {page for page in pages if not page.parts[0].startswith("_")}
    for page in pages:
        text = (site / page).read_text(encoding="utf8")
        (folder / page).parent.mkdir(exist_ok=True)
        (folder / page).write_text(text.replace("<head>", f"<head>{GATHER}", 1), encoding="utf8")
    for path in site.iterdir():
        if path.name not in {page.parts[0] for page in pages}:
            (folder / path.name).symlink_to(path)
