// Readies a page for paper, when formulas and widgets are drawn, and returns what will not fit.
async () => {
  const SMALLEST = 0.55;                       // of its own size: what is smaller cannot be read
  const PATIENCE = 120_000;                    // ms for the widgets to be drawn
  const all = (what, root = document) => [...root.querySelectorAll(what)];
  const begin = (element) => element.outerHTML.slice(0, 120);

  await globalThis.MathJax?.startup?.promise;
  const waiting = () => all(".descent-playground").filter((place) => !place.dataset.ready);
  for (const late = performance.now() + PATIENCE; waiting().length; ) {
    if (performance.now() > late) return waiting().map((place) => `is not drawn: ${begin(place)}`);
    await new Promise((done) => { setTimeout(done, 50); });
  }
  await document.fonts.ready;
  await Promise.all(all("img").map((image) => image.decode()));

  // Read aloud, a formula is its TeX.
  for (const { math, typesetRoot } of globalThis.MathJax?.startup?.document?.math ?? []) {
    typesetRoot.setAttribute("role", "img");
    typesetRoot.setAttribute("aria-label", math);
    all("[aria-hidden]", typesetRoot).forEach((part) => part.removeAttribute("aria-hidden"));
  }

  // In place of a widget's controls stands how they are set.
  for (const controls of all(".descent-controls")) {
    const set = all(".descent-control", controls).filter((one) => one.checkVisibility()).map((one) => {
      const { options, selectedIndex, checked, type } = one.querySelector("select, input");
      const value = options ? options[selectedIndex].text
        : type === "checkbox" ? (checked ? "on" : "off") : one.querySelector("output").textContent;
      return `${one.querySelector("label").textContent}: ${value}`;
    });
    const ticked = all(".descent-tasks :checked", controls).map((one) => one.parentElement.textContent);
    const line = document.createElement("p");
    line.className = "descent-set";
    line.textContent = [...set, ...ticked].join(";  ");
    controls.replaceWith(line);
  }

  // What is too wide is made smaller.
  const small = [];
  const shrink = (element, wide, room) => {
    if (wide <= room + 0.5) return;
    const zoom = 0.995 * room / wide;
    element.style.zoom = zoom;
    if (zoom < SMALLEST) small.push(`shrunk to ${Math.round(100 * zoom)} %: ${begin(element)}`);
  };
  for (const formula of all("mjx-container")) {
    const box = formula.closest("p, li, td, th, dd, div, figcaption").getBoundingClientRect();
    const drawn = formula.querySelector("mjx-math").getBoundingClientRect();
    shrink(formula, drawn.width, formula.getAttribute("display") ? formula.clientWidth : box.width);
  }
  for (const table of all("table")) shrink(table, table.offsetWidth, table.parentElement.clientWidth);

  // What leaves the width of the paper all the same.
  const { left, right } = document.body.getBoundingClientRect();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange(), beyond = [];
  const look = (element, { left: start, right: end, top, width }) => {
    if (width && (start < left - 1 || end > right + 1 || top < -1)) beyond.push(element);
  };
  while (texts.nextNode()) {
    range.selectNodeContents(texts.currentNode);
    const parent = texts.currentNode.parentElement;
    if (!parent.closest("svg, mjx-container")) look(parent, range.getBoundingClientRect());
  }
  for (const drawn of all("img, svg, mjx-math")) look(drawn, drawn.getBoundingClientRect());
  return [...small, ...beyond.map((element) => `beyond the margin: ${begin(element)}`)];
}
