// Exercises on the page: an editor in place of each answer cell, and the verdict of `check`.
document.addEventListener("DOMContentLoaded", () => {
  const kept = globalThis.descentKept;

  function edit(host) {
    const names = host.dataset.exercise.split(" ");
    const cell = host.querySelector(".cell") ?? host.firstElementChild;
    const title = host.closest(".exercise").querySelector(".admonition-title");
    const wrong = new Set();                 // what the last check found wrong
    const editor = globalThis.descentEditor({
      name: names.join("+"),
      first: host.querySelector("pre").textContent.replace(/\s+$/, ""),
      label: "Your answer",
      of: `to ${title.firstElementChild.textContent}`,
      actions: [["check", "Check", check], ["hint", "Hint", help]],
    });

    async function check() {
      const said = await editor.send({ names, source: editor.area.value,
        functions: (host.dataset.functions ?? "").split(" ") });
      if (!said) return;
      for (const [one, ok] of said.verdicts) {
        if (ok) wrong.delete(one);
        else wrong.add(one);
        if (ok && names.includes(one)) kept.set("solved", one, new Date().toISOString().slice(0, 10));
      }
      mark();
      const words = said.verdicts.map(([one, , text]) =>
        (said.verdicts.length > 1 && one ? `${one}: ${text}` : text[0].toUpperCase() + text.slice(1)));
      if (said.more) words.push("(If Check finds the same again, it says more; Hint does at once.)");
      editor.say(words, said.ok);
      editor.print(said.printed);
      editor.show(said.verdicts.map(([, , , line]) => line).find(Boolean));
    }

    async function help() {
      const asked = names.find((one) => wrong.has(one))
        ?? names.find((one) => !kept.solved([one])) ?? names[0];
      const said = await editor.send({ hint: asked }, true);
      if (said) editor.hint(names.length > 1 ? `${asked}: ${said.hint}` : said.hint);
    }

    const mark = () => kept.mark(title, names);
    globalThis.addEventListener("storage", mark);
    globalThis.addEventListener("pageshow", mark);
    cell.hidden = true;
    host.append(editor.element);
    editor.fit();
    mark();
  }

  document.querySelectorAll(".descent-answer[data-exercise]").forEach(edit);
});
