// "Change the rule", below a playground: the rule's source in an editor, and the playground drawn
// anew from it. From the first run on, this answers when the start is moved, as a kernel does.
(() => {
  const page = location.pathname.split("/").pop().replace(/\.html$/, "");
  const runner = globalThis.descentRunner;
  const PARTS = 5;    // in which all settings are computed
  const QUIET = 150;  // ms of rest in a drag, after which all settings are computed

  // The runs by channel, each a list of rows, from what Python says of them.
  const inRows = (channels, length) => Object.fromEntries(Object.entries(channels).map(
    ([name, all]) => [name, Array.from({ length: all.length / length },
      (_, k) => all.subarray(k * length, (k + 1) * length))]));

  // The number of the setting that is chosen.
  const rowOf = ({ controls }, choice) =>
    controls.reduce((k, { labels }, i) => k * labels.length + choice[i], 0);

  function place(playground, model) {
    const cell = playground.closest(".cell")?.querySelector(".cell_input pre")?.textContent;
    const given = model.get("content").source?.trimEnd();
    if (!cell || !given) return;
    const number = 1 + [...document.querySelectorAll(".descent-playground")].indexOf(playground);
    let ran = "";                            // the source that is drawn

    const details = document.createElement("details");
    details.className = "descent-rule";
    details.innerHTML = "<summary>Change the rule</summary>";
    const editor = globalThis.descentEditor({
      name: `rule.${page}.${number}`, first: given, label: "The rule",
      of: `of the playground ${number}`, actions: [["run", "Run", run]],
    });
    details.append(editor.element);
    if (editor.area.value !== given) {
      details.firstElementChild.textContent = "Change the rule (yours is kept)";
      editor.say(["This is your rule of last time: Run draws it."]);
    }
    playground.after(details);

    const asked = (source, first, last) =>
      ({ rule: { cell, source, from: model.get("start"), rows: [first, last] } });

    // All settings, some at a time: a slow machine is no endless loop, and a drag need not wait.
    async function every(source, send) {
      const { controls, steps } = model.get("content"), start = String(model.get("start"));
      const count = controls.reduce((k, { labels }) => k * labels.length, 1), left = [];
      const whole = {}, part = Math.ceil(count / PARTS);
      for (let first = 0; first < count; first += part) {
        const said = await send(asked(source, first, Math.min(first + part, count))); // oxlint-disable-line no-await-in-loop
        if (!said?.channels || start !== String(model.get("start"))) return said;
        for (const [name, numbers] of Object.entries(said.channels)) {
          (whole[name] ??= new Int16Array(count * (steps + 1))).set(numbers, first * (steps + 1));
        }
        left.push(...said.left);
        if (left.length === count) return { ...said, count, channels: whole, left };
      }
      return undefined;
    }

    function draw({ channels, left, memory, lr }) {
      const content = model.get("content");
      model.set("content", { ...content, left, memory, lr,
        runs: inRows(channels, content.steps + 1) });
    }

    function tell({ trouble, printed }) {
      editor.print(printed);
      if (!trouble) return false;
      const [words, line] = trouble;
      editor.say(ran ? [words, "The picture is still that of the rule before."] : [words]);
      editor.show(line);
      return true;
    }

    async function run() {
      const source = editor.area.value, row = rowOf(model.get("content"), model.get("choice"));
      const one = await editor.send(asked(source, row, row + 1));  // an error comes at once
      if (!one || tell(one)) return;
      const all = await every(source, editor.send);
      if (!all || tell({ ...all, printed: one.printed }) || !all.count) return;
      ran = source;
      draw(all);
      model.set("live", true);
      editor.say([`${source === given ? "The rule as given" : "Your rule"} is drawn: ${
        all.count.toLocaleString("en")} settings, ${model.get("content").steps} steps each. Drag `
        + "the start in the map, too.", ...(source !== given && all.bars
          ? ["The bars are still worked out as for the rule as given."] : [])]);
    }

    // The run shown at once while the start moves, all of them when it rests.
    let working = false, rest;
    async function moved() {
      clearTimeout(rest);
      rest = setTimeout(follow, QUIET);
      if (working) return;
      working = true;
      const content = model.get("content"), row = rowOf(content, model.get("choice"));
      const start = String(model.get("start"));
      const said = await runner.ask(asked(ran, row, row + 1)).catch(() => undefined);
      working = false;
      if (said?.channels) show(content, row, said);
      if (start !== String(model.get("start"))) moved();
    }

    async function follow() {
      const said = await every(ran, (message) => runner.ask(message)).catch(() => undefined);
      if (said?.count) draw(said);
      else if (said?.trouble) tell(said);
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
