// The page: an editor in place of each answer cell, and Python on the first use of one.
// Nothing is loaded before; then it all comes in one script, since a page opened from a file may
// load a script and nothing else, and the worker is started from what that script holds.
(() => {
  const kept = globalThis.descentKept;
  const PACKED = new URL("python.js", document.currentScript.src).href;
  const SECONDS = 5;            // that an answer may take
  const HEAVY = 600 * 2 ** 20;  // bytes beyond which Python is started anew before the next answer

  // Python: one worker for all editors of the page, asked for one thing at a time.

  let parts, source, running, turn = Promise.resolve();

  function bytes(text) {  // a plain loop: `Uint8Array.from` takes half a second for all
    const letters = atob(text), made = new Uint8Array(letters.length);
    for (let at = 0; at < made.length; at++) made[at] = letters.charCodeAt(at);
    return made;
  }

  // Unzipped here: WebKit cannot read a Blob's stream in a worker of a page opened from a file.
  const unzip = async (text) => new Uint8Array(await new Response(
    new Blob([bytes(text)]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());

  async function load() {
    await new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = PACKED;
      script.addEventListener("load", done);
      script.addEventListener("error", () => {
        script.remove();
        failed(new Error("python.js, which belongs to this book, could not be read"));
      });
      document.head.append(script);
    });
    const packed = globalThis.descentPython;
    delete globalThis.descentPython;
    source = packed.worker;
    const names = { mjs: "pyodide.mjs", asm: "pyodide.asm.mjs", wasm: "pyodide.asm.wasm",
      stdlib: "python_stdlib.zip" };
    return {
      ...Object.fromEntries(await Promise.all(Object.entries(names).map(
        async ([key, name]) => [key, await unzip(packed[name])]))),
      files: bytes(packed.files),
    };
  }

  // Return a worker, ready: {ask, stop}. The bytes are copied for it, so that another can follow.
  async function launch() {
    parts ??= load().catch((error) => {
      parts = undefined;
      throw error;
    });
    const given = Object.fromEntries(Object.entries(await parts).map(([k, v]) => [k, v.slice()]));
    const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    let settle;
    worker.addEventListener("message", ({ data }) => settle(data));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      settle({ broken: event.message || "it stopped" });
    });
    const one = {
      ask(message, give = []) {
        return new Promise((done) => {
          settle = done;
          worker.postMessage(message, give);
        });
      },
      stop(why) {
        worker.terminate();
        if (running?.one === one) running = undefined;
        settle({ stopped: why });
      },
    };
    const said = await one.ask({ parts: given }, Object.values(given).map((part) => part.buffer));
    if (!said.ready) {
      worker.terminate();
      throw new Error(said.broken ?? "it stopped");
    }
    return one;
  }

  function start() {
    if (!running) {
      const mine = { ready: launch() };
      running = mine;
      mine.ready.then((one) => { mine.one = one; }, () => {
        if (running === mine) running = undefined;
      });
    }
    return running.ready;
  }

  // Ask Python, when it is there and free; `begun` hears of how to stop it.
  function ask(message, begun) {
    const mine = turn.then(async () => {
      const one = await start();
      const late = setTimeout(() => one.stop("late"), SECONDS * 1000);
      begun(() => one.stop("asked"));
      const said = await one.ask(message);
      clearTimeout(late);
      if (said.broken || said.bytes > HEAVY) one.stop("spent");
      if (said.stopped || said.broken || said.bytes > HEAVY) start().catch(() => {});
      return said;
    });
    turn = mine.catch(() => {});
    return mine;
  }

  // An editor.

  let number = 0;

  function edit(host) {
    const names = host.dataset.exercise.split(" "), name = names.join("+");
    const cell = host.querySelector(".cell") ?? host.firstElementChild;
    const first = host.querySelector("pre").textContent.replace(/\s+$/, "");
    const title = host.closest(".exercise").querySelector(".admonition-title");
    const id = `descent-answer-${number += 1}`;

    const editor = document.createElement("div");
    editor.className = "descent-editor";
    editor.innerHTML = `<label for="${id}">Your answer<span class="visually-hidden"></span></label>
      <div class="descent-code"><div class="descent-lines" aria-hidden="true"></div>
      <div class="descent-paper"><div class="descent-wrong" hidden></div>
      <textarea id="${id}" aria-describedby="${id}-keys" spellcheck="false" autocapitalize="off"
        autocomplete="off" autocorrect="off" wrap="off"></textarea></div></div>
      <div class="descent-buttons"><button type="button" name="check">Check</button>
      <button type="button" name="hint">Hint</button>
      <button type="button" name="reset">Reset</button>
      <button type="button" name="stop" aria-disabled="true">Stop</button>
      <span id="${id}-keys" class="descent-keys">Ctrl+Enter checks; Escape, then Tab, leaves.</span>
      </div>
      <div class="descent-verdict" role="status"></div>
      <pre class="descent-printed" tabindex="0" role="group" aria-label="What your code printed"
        hidden></pre>`;
    editor.querySelector("label span").textContent = ` to ${title.firstElementChild.textContent}`;
    const area = editor.querySelector("textarea");
    const lines = editor.querySelector(".descent-lines");
    const wrong = editor.querySelector(".descent-wrong");
    const verdict = editor.querySelector(".descent-verdict");
    const printed = editor.querySelector(".descent-printed");
    const button = (which) => editor.querySelector(`[name=${which}]`);

    function fit() {
      const count = area.value.split("\n").length;
      area.rows = Math.max(count, 2);
      lines.textContent = Array.from({ length: area.rows }, (_, k) => k + 1).join("\n");
      const before = kept.get("before", name);
      const asGiven = area.value === first;
      button("reset").textContent = asGiven && before !== null ? "Undo reset" : "Reset";
      button("reset").disabled = asGiven && before === null;
    }

    function keep() {
      kept.set("text", name, area.value === first ? null : area.value);
      if (kept.refused()) say(["This browser keeps nothing for this page: copy your answer before "
        + "you leave."]);
    }

    function changed() {
      wrong.hidden = true;
      keep();
      fit();
    }

    // Write at the cursor, so that the browser's own undo knows of it.
    function type(text) {
      if (!document.execCommand("insertText", false, text)) {
        area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
        changed();
      }
    }

    function say(texts, right = false) {
      verdict.classList.toggle("descent-right", right);
      verdict.replaceChildren(...texts.flatMap((text) => {
        const [words, ...code] = text.split("\n");   // below its first line a hint shows code
        const pieces = [["p", words], ...(code.length ? [["pre", code.join("\n")]] : [])];
        return pieces.map(([kind, content]) => {
          const made = document.createElement(kind);
          made.textContent = content;
          return made;
        });
      }));
    }

    let halt = null;
    // Not `disabled`: a button that is pressed keeps the focus.
    function busy(now, stop = null) {
      editor.toggleAttribute("data-busy", now);
      button("check").setAttribute("aria-disabled", now);
      button("hint").setAttribute("aria-disabled", now);
      button("stop").setAttribute("aria-disabled", !stop);
      halt = stop;
    }

    // Show which line failed: a stripe behind it.
    function show(line) {
      const style = getComputedStyle(area);
      wrong.hidden = !(line >= 1 && line <= area.rows);
      wrong.style.height = style.lineHeight;
      wrong.style.top = `${parseFloat(style.paddingTop) + (line - 1) * parseFloat(style.lineHeight)}px`;
    }

    // Send something to Python, tell what happens meanwhile, and what came of it if it went wrong.
    async function send(message) {
      if (editor.hasAttribute("data-busy")) return undefined;
      busy(true);
      printed.hidden = wrong.hidden = true;
      say([running?.one ? "…" : "Starting Python: once a page, a few seconds …"]);
      try {
        const said = await ask(message, (stop) => {
          say(["Running …"]);
          busy(true, stop);
        });
        if (said.stopped === "late") {
          say([`Stopped after ${SECONDS} seconds. Does a loop in it never end? Your text is still `
            + "here."]);
        } else if (said.stopped) {
          say(["Stopped."]);
        } else if (said.broken) {
          say(["Python broke off: it ran out of memory, or too deep into calls. It is being started "
            + "again; your text is still here."]);
        } else {
          return said;
        }
      } catch (error) {
        say([`Python did not start: ${error.message}. The study notebook has the same exercise.`]);
      } finally {
        busy(false);
      }
      return undefined;
    }

    async function check() {
      const said = await send({ names, source: area.value,
        functions: (host.dataset.functions ?? "").split(" ") });
      if (!said) return;
      for (const [one, ok] of said.verdicts) {
        if (ok && names.includes(one)) kept.set("solved", one, new Date().toISOString().slice(0, 10));
      }
      kept.mark(title, names);
      say(said.verdicts.map(([one, , text]) => {
        const words = text[0].toUpperCase() + text.slice(1);
        return said.verdicts.length > 1 && one ? `${one}: ${text}` : words;
      }), said.ok);
      printed.textContent = said.printed;
      printed.hidden = !said.printed;
      show(said.verdicts.map(([, , , line]) => line).find(Boolean));
    }

    async function help() {
      const said = await send({ hint: names.find((one) => !kept.solved([one])) ?? names[0] });
      if (said) say([said.hint]);
    }

    function reset() {
      const before = kept.get("before", name);
      if (area.value === first) {
        area.value = before;
        kept.set("before", name, null);
      } else {
        kept.set("before", name, area.value);
        area.value = first;
      }
      changed();
      say([]);
      printed.hidden = true;
      area.focus();
    }

    let leaving = false;  // Escape lets the next Tab go on to the buttons
    area.addEventListener("keydown", (event) => {
      const plain = !event.ctrlKey && !event.altKey && !event.metaKey;
      const at = area.value.slice(0, area.selectionStart).lastIndexOf("\n") + 1;
      const line = area.value.slice(at, area.selectionStart);
      if (event.key === "Escape") {
        leaving = true;
        return;
      }
      if (event.key === "Tab" && plain && !leaving) {
        event.preventDefault();
        shift(event.shiftKey, at, line);
      } else if (event.key === "Backspace" && plain && area.selectionStart === area.selectionEnd
          && /^ +$/.test(line)) {            // a whole step of indentation
        event.preventDefault();
        area.setSelectionRange(area.selectionStart - ((line.length - 1) % 4 + 1), area.selectionStart);
        document.execCommand("delete");
      } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        check();
      } else if (event.key === "Enter" && plain && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        type(`\n${/^\s*/.exec(line)[0]}${/:\s*(#.*)?$/.test(line) ? "    " : ""}`);
      }
      if (!["Shift", "Control", "Alt", "Meta"].includes(event.key)) leaving = false;
    });
    area.addEventListener("blur", () => { leaving = false; });

    // Move the chosen lines by four spaces; without a choice, fill up to the next of them.
    function shift(back, begin, line) {
      const { selectionStart: from, selectionEnd: to, value } = area;
      if (from === to && !back) {
        type(" ".repeat(4 - line.length % 4));
        return;
      }
      const end = value.indexOf("\n", to > from && value[to - 1] === "\n" ? to - 1 : to);
      const last = end < 0 ? value.length : end;
      const text = value.slice(begin, last);
      const moved = back ? text.replace(/^ {1,4}/gm, "") : text.replace(/^(?=.)/gm, "    ");
      if (moved === text) return;
      area.setSelectionRange(begin, last);
      type(moved);
      if (from === to) {
        const at = Math.max(begin, from + moved.length - text.length);
        area.setSelectionRange(at, at);
      } else {
        area.setSelectionRange(begin, begin + moved.length);
      }
    }

    area.addEventListener("input", () => {
      changed();
      start().catch(() => {});  // ready when the answer is
    });
    button("check").addEventListener("click", check);
    button("hint").addEventListener("click", help);
    button("reset").addEventListener("click", reset);
    button("stop").addEventListener("click", () => halt?.());
    // Another tab, or coming back to this one by the browser's buttons.
    const again = () => {
      area.value = kept.get("text", name) ?? first;
      fit();
      kept.mark(title, names);
    };
    globalThis.addEventListener("storage", () => document.activeElement === area || again());
    globalThis.addEventListener("pageshow", again);

    area.value = kept.get("text", name) ?? first;
    cell.hidden = true;
    host.append(editor);
    fit();
    kept.mark(title, names);
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".descent-answer[data-exercise]").forEach(edit);
  });
})();
