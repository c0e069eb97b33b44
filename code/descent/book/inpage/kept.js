// What a learner has typed and solved, kept in this browser, and the index of exercises, where it
// is seen, taken away, brought back and forgotten. It never leaves the machine.
globalThis.descentKept = (() => {
  const PREFIX = "descent:";
  const KINDS = ["text", "before", "solved"];
  const memory = new Map();  // where the browser refuses to keep anything, for as long as the page
  let refused = false;

  function get(kind, name) {
    const key = `${PREFIX}${kind}:${name}`;
    if (memory.has(key)) return memory.get(key);
    try {
      return localStorage.getItem(key);
    } catch {
      refused = true;
      return null;
    }
  }

  function set(kind, name, value) {
    const key = `${PREFIX}${kind}:${name}`;
    try {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
      memory.delete(key);
    } catch {
      refused = true;
      memory.set(key, value);
    }
  }

  function all() {
    const found = Object.fromEntries(KINDS.map((kind) => [kind, {}]));
    let keys = [];
    try {
      keys = Object.keys(localStorage);
    } catch {
      refused = true;
    }
    for (const key of new Set([...keys, ...memory.keys()])) {
      const [, kind, name] = /^descent:(\w+):(.*)$/s.exec(key) ?? [];
      const value = KINDS.includes(kind) ? get(kind, name) : null;
      if (value !== null) found[kind][name] = value;
    }
    return found;
  }

  const solved = (names) => names.length > 0 && names.every((name) => get("solved", name));

  // Put the mark of a solved exercise behind an element's text, or take it away.
  function mark(element, names) {
    element.querySelector(":scope > .descent-solved")?.remove();
    if (!solved(names)) return;
    const made = document.createElement("span");
    made.className = "descent-solved";
    made.textContent = "✓ solved";
    element.append(" ", made);
  }

  // A file as `all` gives it. What is brought in stands in place of what is here, which "Undo" of
  // its exercise brings back.
  function bring(text) {
    const given = JSON.parse(text);
    if (given?.format !== "descent answers") throw new Error("it is no file of this book's");
    const entries = ["text", "solved"].flatMap((kind) => Object.entries(given[kind] ?? {})
      .map(([name, value]) => [kind, name, value]));
    if (!entries.every(([, name, value]) => /^[\w.+]{1,200}$/.test(name)
      && typeof value === "string" && value.length < 100_000)) {
      throw new Error("it holds something else than answers");
    }
    for (const [kind, name, value] of entries) {
      const here = get(kind, name);
      if (kind === "text" && here !== null && here !== value) set("before", name, here);
      set(kind, name, value);
    }
    return entries.length;
  }

  return { get, set, all, solved, mark, bring, refused: () => refused };
})();

document.addEventListener("DOMContentLoaded", () => {
  const kept = globalThis.descentKept;
  const place = document.querySelector(".descent-progress");
  if (!place) return;
  if (document.location.protocol === "file:" && "mozInnerScreenX" in globalThis) {
    place.innerHTML = `<p>This is Firefox, and the book was opened from its files. Then Firefox keeps
      what you type and solve for each page by itself: it is safe there, and marked, but this index
      cannot see it. To have it counted here, exported and imported, let the book come from a server:
      run <code>python3 -m http.server --bind localhost</code> in the folder of this page, and open
      <code>http://localhost:8000</code>. What you typed before stays with the files.</p>`;
    return;
  }
  const elsewhere = new Set(place.dataset.elsewhere.split(" "));
  const rows = [...document.querySelectorAll("table.exercises tbody tr")].map((row) => ({
    cell: row.querySelector("td p") ?? row.querySelector("td"),
    names: [...row.querySelectorAll("td:last-child code")].map((code) => code.textContent.trim()),
  })).filter(({ names }) => names.length && !names.some((name) => elsewhere.has(name)
    || name.includes("…")));

  place.innerHTML = `<p class="descent-count"></p>
    <p class="descent-buttons"><button type="button" name="export">Export</button>
    <button type="button" name="import">Import</button>
    <button type="button" name="forget">Forget all</button>
    <input type="file" accept=".json,application/json" hidden aria-label="A file to import"></p>
    <p class="descent-verdict" role="status"></p>`;
  const [count, , says] = place.children;
  const file = place.querySelector("input");
  const button = (name) => place.querySelector(`[name=${name}]`);

  function draw() {
    rows.forEach(({ cell, names }) => kept.mark(cell, names));
    const done = rows.filter(({ names }) => kept.solved(names)).length;
    count.textContent = `You have solved ${done} of the ${rows.length} exercises that are checked `
      + "on the page. What you type there and what you have solved is kept in this browser and goes "
      + "nowhere else.";
  }

  function calm() {
    delete button("forget").dataset.sure;
    button("forget").textContent = "Forget all";
  }

  button("export").addEventListener("click", () => {
    const { text, solved } = kept.all();
    const content = JSON.stringify({ format: "descent answers", text, solved }, null, 1);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type: "application/json" }));
    link.download = "descent-answers.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    says.textContent = `${Object.keys(text).length} answers and ${Object.keys(solved).length} `
      + "marks are in the file descent-answers.json.";
  });

  button("import").addEventListener("click", () => file.click());
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    if (!chosen) return;
    try {
      kept.bring(await chosen.text());
      says.textContent = "Brought in. An answer of yours that it replaced comes back by Undo, below "
        + "that answer.";
    } catch (error) {
      says.textContent = `Nothing was changed: ${error instanceof SyntaxError
        ? "it is no file of this book's" : error.message}.`;
    }
    file.value = "";
    draw();
  });

  button("forget").addEventListener("click", () => {
    if (!button("forget").dataset.sure) {
      button("forget").dataset.sure = "1";
      button("forget").textContent = "Forget all, really";
      says.textContent = "This deletes all your answers and marks from this browser. Press again to "
        + "do it; export them first if you want to keep them.";
      return;
    }
    for (const [kind, entries] of Object.entries(kept.all())) {
      Object.keys(entries).forEach((name) => kept.set(kind, name, null));
    }
    calm();
    says.textContent = "All answers and marks are forgotten.";
    draw();
  });
  button("forget").addEventListener("blur", calm);
  globalThis.addEventListener("storage", draw);
  globalThis.addEventListener("pageshow", draw);
  draw();
});
