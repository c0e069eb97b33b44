// An editor on the page: lines with numbers, keys for code, buttons that send the text to Python,
// what came of it in a status line. What is typed is kept in this browser.
globalThis.descentEditor = (() => {
  const kept = globalThis.descentKept, runner = globalThis.descentRunner;
  let number = 0;

  // Words with code between backticks, as nodes.
  function spelt(text) {
    const parts = text.split("`");
    if (parts.length % 2 === 0) return [text];
    return parts.map((part, k) => {
      if (k % 2 === 0) return part;
      const code = document.createElement("code");
      code.textContent = part;
      return code;
    });
  }

  // A paragraph, and below its first line code.
  function pieces(text) {
    const [words, ...code] = text.split("\n");
    const made = [document.createElement("p")];
    made[0].append(...spelt(words));
    if (code.length) {
      made.push(document.createElement("pre"));
      made[1].textContent = code.join("\n");
    }
    return made;
  }

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
      <div class="descent-verdict" role="status" aria-atomic="false"><div class="descent-said"></div>
      <div class="descent-hints"></div><p class="descent-doing" hidden></p></div>
      <pre class="descent-printed" tabindex="0" role="group" aria-label="What your code printed"
        hidden></pre>`;
    const [shown, unseen] = element.querySelectorAll("label span");
    shown.textContent = label;
    unseen.textContent = ` ${of}`;
    const area = element.querySelector("textarea");
    const lines = element.querySelector(".descent-lines");
    const wrong = element.querySelector(".descent-wrong");
    const [said, hints, doing] = element.querySelector(".descent-verdict").children;
    const printed = element.querySelector(".descent-printed");
    const button = (which) => element.querySelector(`[name=${which}]`);
    const [[does]] = actions;
    element.querySelector(".descent-keys").append(...spelt("`np` and `math` are ready. Ctrl+Enter "
      + `${actions[0][1].toLowerCase()}s; Shift+Tab dedents; Escape, then Tab, leaves.`));

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
      if (kept.refused()) tell("This browser keeps nothing for this page: copy your text before "
        + "you leave.");
    }

    function changed() {
      wrong.hidden = true;
      if (said.classList.contains("descent-right")) say([]);  // it was, of the text before
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

    // Say what came of it; below its first line a hint shows code.
    function say(texts, right = false) {
      said.classList.toggle("descent-right", right);
      said.replaceChildren(...texts.flatMap(pieces));
      hints.replaceChildren();
      tell("");
    }

    // Add a hint below; the solution's lines take the place of those before.
    function hint(text) {
      const made = document.createElement("div");
      made.append(...pieces(text));
      if (hints.lastElementChild?.querySelector("pre")) hints.lastElementChild.remove();
      hints.append(made);
    }

    // Say what goes on.
    function tell(text) {
      doing.textContent = text;
      doing.hidden = !text;
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
    async function send(message, below = false) {
      if (element.hasAttribute("data-busy")) return undefined;
      busy(true);
      print("");
      if (!below) {
        wrong.hidden = true;
        say([]);
      }
      tell(waits());
      let end = "";
      try {
        const came = await runner.ask(message, (stop) => {
          tell("Running …");
          busy(true, stop);
        });
        if (came.stopped === "late") {
          end = `Stopped after ${runner.SECONDS} seconds. Does a loop in it never end? Your text is `
            + "still here.";
        } else if (came.stopped) {
          end = "Stopped.";
        } else if (came.broken) {
          end = "Python broke off: it ran out of memory, or too deep into calls. It is being started "
            + "again; your text is still here.";
        } else {
          return came;
        }
      } catch (error) {
        end = `Python did not start: ${error.message}. The study notebook has the same.`;
      } finally {
        tell(end);
        busy(false);
      }
      return undefined;
    }

    function waits() {
      if (!runner.started()) return "Starting Python: once a page, a few seconds …";
      return runner.busy() ? "Python is busy with something else on this page; this comes next …"
        : "…";
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
    return { element, area, send, say, hint, print, show, fit };
  }

  return make;
})();
