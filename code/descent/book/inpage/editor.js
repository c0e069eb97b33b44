// An editor on the page: lines with numbers, keys for code, buttons that send the text to Python,
// what came of it in a status line. What is typed is kept in this browser.
globalThis.descentEditor = (() => {
  const kept = globalThis.descentKept, runner = globalThis.descentRunner;
  let number = 0;

  // Make an editor: `name` is what its text is kept under, `first` the text as given, `label` of
  // what, `of` whose, which is said and not shown; `actions` its buttons [name, words, action],
  // of which Ctrl+Enter presses the first.
  function make({ name, first, label, of, actions }) {
    const id = `descent-editor-${number += 1}`;
    const element = document.createElement("div");
    element.className = "descent-editor";
    element.innerHTML = `<label for="${id}"><span></span><span class="visually-hidden"></span></label>
      <div class="descent-code"><div class="descent-lines" aria-hidden="true"></div>
      <div class="descent-paper"><div class="descent-wrong" hidden></div>
      <textarea id="${id}" aria-describedby="${id}-keys" spellcheck="false" autocapitalize="off"
        autocomplete="off" autocorrect="off" wrap="off"></textarea></div></div>
      <div class="descent-buttons">${actions.map(([which, words]) =>
        `<button type="button" name="${which}">${words}</button>`).join("\n")}
      <button type="button" name="reset">Reset</button>
      <button type="button" name="stop" aria-disabled="true">Stop</button>
      <span id="${id}-keys" class="descent-keys"></span></div>
      <div class="descent-verdict" role="status"></div>
      <pre class="descent-printed" tabindex="0" role="group" aria-label="What your code printed"
        hidden></pre>`;
    const [shown, unseen] = element.querySelectorAll("label span");
    shown.textContent = label;
    unseen.textContent = ` ${of}`;
    const area = element.querySelector("textarea");
    const lines = element.querySelector(".descent-lines");
    const wrong = element.querySelector(".descent-wrong");
    const verdict = element.querySelector(".descent-verdict");
    const printed = element.querySelector(".descent-printed");
    const button = (which) => element.querySelector(`[name=${which}]`);
    const [[does]] = actions;
    element.querySelector(".descent-keys").textContent = `Ctrl+Enter ${
      actions[0][1].toLowerCase()}s; Escape, then Tab, leaves.`;

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
      if (kept.refused()) say(["This browser keeps nothing for this page: copy your text before "
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

    function print(text) {
      printed.textContent = text;
      printed.hidden = !text;
    }

    let halt = null;
    // Not `disabled`: a button that is pressed keeps the focus.
    function busy(now, stop = null) {
      element.toggleAttribute("data-busy", now);
      actions.forEach(([which]) => button(which).setAttribute("aria-disabled", now));
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
      if (element.hasAttribute("data-busy")) return undefined;
      busy(true);
      print("");
      wrong.hidden = true;
      say([runner.started() ? "…" : "Starting Python: once a page, a few seconds …"]);
      try {
        const said = await runner.ask(message, (stop) => {
          say(["Running …"]);
          busy(true, stop);
        });
        if (said.stopped === "late") {
          say([`Stopped after ${runner.SECONDS} seconds. Does a loop in it never end? Your text is `
            + "still here."]);
        } else if (said.stopped) {
          say(["Stopped."]);
        } else if (said.broken) {
          say(["Python broke off: it ran out of memory, or too deep into calls. It is being started "
            + "again; your text is still here."]);
        } else {
          return said;
        }
      } catch (error) {
        say([`Python did not start: ${error.message}. The study notebook has the same.`]);
      } finally {
        busy(false);
      }
      return undefined;
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
      print("");
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
        button(does).click();
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

    // Another tab, or coming back to this one by the browser's buttons.
    function again() {
      area.value = kept.get("text", name) ?? first;
      fit();
    }

    area.addEventListener("input", () => {
      changed();
      runner.start().catch(() => {});  // ready when the text is
    });
    actions.forEach(([which, , action]) => button(which).addEventListener("click", action));
    button("reset").addEventListener("click", reset);
    button("stop").addEventListener("click", () => halt?.());
    globalThis.addEventListener("storage", () => document.activeElement === area || again());
    globalThis.addEventListener("pageshow", again);
    again();
    return { element, area, send, say, print, show, fit };
  }

  return make;
})();
