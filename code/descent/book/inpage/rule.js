// "Change the rule", below a playground: the rule's source in an editor, and the playground drawn
// anew from it. From the first run on, this answers when the start is moved, as a kernel does.
(() => {
  const page = location.pathname.split("/").pop().replace(/\.html$/, "");
  const runner = globalThis.descentRunner;
  const QUIET = 150;  // ms of rest in a drag, after which all settings are computed
  let number = 0;

  // The runs by channel, each a list of rows, from what Python says of them.
  const inRows = (channels, length) => Object.fromEntries(Object.entries(channels).map(
    ([name, all]) => [name, Array.from({ length: all.length / length },
      (_, k) => all.subarray(k * length, (k + 1) * length))]));

  // The number of the setting that is chosen.
  const rowOf = ({ controls }, choice) =>
    controls.reduce((k, { labels }, i) => k * labels.length + choice[i], 0);

  function place(playground, model) {
    const cell = playground.closest(".cell")?.querySelector(".cell_input pre")?.textContent;
    const first = model.get("content").source?.trimEnd();
    if (!cell || !first) return;
    let ran = "";                            // the source that is drawn

    const details = document.createElement("details");
    details.className = "descent-rule";
    details.innerHTML = "<summary>Change the rule</summary>";
    const editor = globalThis.descentEditor({
      name: `rule.${page}.${number += 1}`, first, label: "The rule",
      of: `of the playground ${number}`, actions: [["run", "Run", run]],
    });
    details.append(editor.element);
    playground.after(details);

    const asked = (source, row) => ({ rule: { cell, source, from: model.get("start"), row } });

    function draw({ channels, left, memory, lr }) {
      const content = model.get("content");
      model.set("content", { ...content, left, memory, lr,
        runs: inRows(channels, content.steps + 1) });
    }

    function tell({ trouble, printed }) {
      editor.print(printed);
      if (!trouble) return false;
      const [words, line] = trouble;
      editor.say([words]);
      editor.show(line);
      return true;
    }

    async function run() {
      const source = editor.area.value, said = await editor.send(asked(source));
      if (!said || tell(said)) return;
      const { controls, steps } = model.get("content");
      const settings = controls.reduce((k, { labels }) => k * labels.length, 1);
      ran = source;
      draw(said);
      model.set("live", true);
      editor.say([`${source === first ? "The rule as given" : "Your rule"} is drawn: ${
        settings.toLocaleString("en")} settings, ${steps} steps each. Drag the start in the map, too.`]);
    }

    // One run at once while the start moves, all of them when it rests.
    let working = false, rest;
    async function moved() {
      clearTimeout(rest);
      rest = setTimeout(() => follow(), QUIET);
      if (working) return;
      working = true;
      try {
        const content = model.get("content"), row = rowOf(content, model.get("choice"));
        const start = String(model.get("start")), said = await runner.ask(asked(ran, row));
        if (said.channels) show(content, row, said);
        working = false;
        if (start !== String(model.get("start"))) moved();
      } catch {
        working = false;
      }
    }

    async function follow() {
      const start = String(model.get("start")), said = await runner.ask(asked(ran));
      if (said.channels && start === String(model.get("start"))) draw(said);
      else tell(said);
    }

    function show(content, row, { channels, left }) {
      for (const [name, values] of Object.entries(channels)) content.runs[name][row].set(values);
      content.left[row] = left[0];
      model.set("content", { ...content });
    }

    model.on("change:start", moved);
  }

  document.addEventListener("descent-ready", ({ target, detail }) => place(target, detail));
})();
