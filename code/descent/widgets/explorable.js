// The explorable. The model gives `content` (controls, the axes of each panel, the looks of marks,
// and, packed, the marks, those of each setting by panel, and what it says) and `choice`: the number
// of each control's value.

const OWN_STYLE = `
.descent-explorable .descent-panel { display: flex; flex-direction: column; justify-content: flex-end; }
.descent-explorable .descent-title { text-align: center; line-height: 1.25; font-size: .9em; margin-bottom: .15rem; }
.descent-explorable .descent-small .descent-panel { flex: 1 1 max(172px, 30%); max-width: 230px; }
.descent-explorable .descent-small:has(> :nth-child(4):last-child) { max-width: 30rem; margin: 0 auto; }
.descent-explorable .descent-says { white-space: pre-line; }
.descent-explorable .descent-control.descent-stepper { grid-template-columns: 6rem 1fr 2.5rem auto auto; }
.descent-explorable button { min-width: 26px; min-height: 28px; margin: 0; padding: 0 .7em; font: inherit; color: inherit; background: transparent; border: 1px solid currentColor; border-radius: 4px; cursor: pointer; }
.descent-explorable button[aria-disabled] { opacity: .45; cursor: not-allowed; }
`;

const CHOICE = { read: (choice) => choice, write: (choice) => choice };

// The sign of each kind in the key: its pieces in a box of 22 × 16.
const SIGNS = {
  line: [[[0, 8], [22, 8]]], dots: [[[11, 8]]], arrow: [[[1, 8], [21, 8]]],
  ellipse: [[[11, 8], [20, 8], [11, 13]]], bars: [[[3, 2], [19, 14]]],
};

// A marker's outline, from its middle on.
const MARKERS = {
  o: "m-4,0a4,4 0 1 0 8,0a4,4 0 1 0 -8,0Z", s: "m-3.6,-3.6h7.2v7.2h-7.2Z", "^": "m0,-4.6l4.4,8h-8.8Z",
  D: "m0,-5l5,5l-5,5l-5,-5Z", v: "m0,4.6l4.4,-8h-8.8Z",
  X: "m-4.2,-2l2.2,-2.2l2,2l2,-2l2.2,2.2l-2,2l2,2l-2.2,2.2l-2,-2l-2,2l-2.2,-2.2l2,-2Z",
};

async function render({ model, el }) {
  const content = model.get("content"), all = await inflated(content.packed).json();
  const { own, controls, pictures, key, say } = ready(el, content.colors[0], OWN_STYLE);
  el.classList.add("descent-explorable");
  pictures.classList.toggle("descent-small", content.panels.length > 2);
  const choice = choosing(model, CHOICE, settle);
  const showControls = makeControls(controls, own, content, choice);
  const views = content.panels.map((axis, k) => picture(pictures, `${own}-${k}`, axis));
  const showKeys = explain(key, content);

  function settle() {
    const row = content.controls.reduce((sum, { labels }, i) => sum * labels.length + choice.now[i], 0);
    const says = all.says[row], panels = all.settings[row].map((marks) =>
      marks.map((k) => markOf(content, all.marks[k])));
    showControls();
    views.forEach((view, k) => view(panels[k], says));
    showKeys(panels.flat());
    say(says);
  }

  settle();
  return subscribe(model, { choice: choice.follow });
}

// A mark with its look, its pieces as points in the panel's units.
function markOf({ looks, fine }, [look, ...columns]) {
  const [xs, ys] = [0, 1].map((axis) => columns.filter((_, k) => k % 2 === axis).map((steps) => {
    let at = 0;
    return steps.map((step) => (at += step) / fine);
  }));
  return { ...looks[look], pieces: xs.map((column, k) => column.map((x, i) => [x, ys[k][i]])) };
}

// The controls; returns what shows where they stand.
function makeControls(parent, own, { controls }, choice) {
  const shows = controls.map(({ name, labels, menu: isMenu, stepper }, i) => {
    const change = (k) => choice.change(choice.now.with(i, k));
    const show = (isMenu ? menu : slider)(parent, own, name, labels, change, stepper ? "descent-walk descent-stepper" : "");
    const showButtons = stepper ? buttons(parent.lastElementChild, labels.length, (way) => change(choice.now[i] + way)) : null;
    return (k) => {
      show(k);
      showButtons?.(k);
    };
  });
  return () => shows.forEach((show, i) => show(choice.now[i]));
}

// Two buttons beside a slider, a value back and one on; returns what tells where it stands. At an
// end one is not disabled: it would lose the focus.
function buttons(parent, count, move) {
  const made = [["back", -1], ["on", 1]].map(([name, way]) => {
    const button = node(parent, "button", { type: "button" }, name);
    button.addEventListener("click", () => { if (!button.hasAttribute("aria-disabled")) move(way); });
    return { button, way };
  });
  return (k) => made.forEach(({ button, way }) => {
    if (k + way >= 0 && k + way < count) button.removeAttribute("aria-disabled");
    else button.setAttribute("aria-disabled", "true");
  });
}

// A panel with its axes; returns what draws marks in it, and says what they show. Markers are not
// clipped, for one on the edge is seen whole.
function picture(parent, own, { title, x, y, wide, high, box, xTicks, yTicks, base }) {
  const svg = panel(parent, high, wide), area = clip(svg, own, box), above = node(svg, "g");
  if (title) {
    svg.before(node(svg.parentNode, "div", { class: "descent-title", "aria-hidden": "true" }, title));
  }
  axes(svg, xTicks, yTicks, x, y, box);
  if (base !== null) node(svg, "path", { d: `M${box.left},${base}H${box.right}`, ...stroke("currentColor", .8) });
  const name = title || [y, x].filter(Boolean).join(" against ") || "A picture";
  return (marks, says) => {
    area.replaceChildren();
    above.replaceChildren();
    for (const mark of marks) {
      node(mark.kind === "dots" ? above : area, "path", { d: course(mark), ...inkOf(mark) });
    }
    inscribe(above, box, wide, marks.filter(({ label }) => label));
    svg.setAttribute("aria-label", `${name}. ${says.replaceAll("\n", " ")}`);
  };
}

// The course of a mark, as the `d` of a path.
function course({ kind, marker, pieces }) {
  if (kind === "line") return pieces.map(through).join("");
  if (kind === "ellipse") return pieces.map((piece) => rim(...piece)).join("");
  if (kind === "bars") return pieces.map(([[x, y], [toX, toY]]) => `M${x},${y}H${toX}V${toY}H${x}Z`).join("");
  if (kind === "dots") return pieces.flat().map(([x, y]) => `M${x},${y}${MARKERS[marker]}`).join("");
  return pieces.map(([[x, y], [toX, toY]]) => {
    const u = toX - x, v = toY - y, size = Math.hypot(u, v), long = Math.min(9, size);
    return through([[x, y], [toX - .8 * long * u / (size || 1), toY - .8 * long * v / (size || 1)]]) + tip(toX, toY, u, v, long);
  }).join("");
}

// How the path of a mark is painted.
function inkOf({ kind, quiet, color, dash }) {
  const opacity = quiet ? .45 : 1;
  if (kind === "dots") return { fill: color, opacity };
  const line = stroke(color, quiet ? 1 : kind === "bars" ? 1.3 : 1.8, { opacity });
  if (kind === "arrow") return { ...line, fill: color };
  return { ...line, "stroke-dasharray": dash, ...(kind === "bars" && { fill: color, "fill-opacity": .4 }) };
}

// The labels of marks, each beside its last point in the box, lower where two would meet.
function inscribe(parent, { left, right, top, bottom }, wide, marks) {
  const inside = ([x, y]) => x >= left - 1 && x <= right + 1 && y >= top - 1 && y <= bottom + 1;
  const found = marks.map(({ label, pieces }) => ({ label, at: pieces.flat().findLast(inside) }))
    .filter(({ at }) => at).sort((a, b) => a.at[1] - b.at[1]);
  let last = -Infinity;
  for (const { label, at: [x, y] } of found) {
    const room = x + 8 + 6.6 * label.length < wide;
    last = Math.max(room ? y + 4 : y - 7, top + 10, last + 13);
    beside(node(parent, "text", {}, label), x, last, room, 8);
  }
}

// What the names mean, each beside its signs; returns what shows those that a setting has.
function explain(key, { looks }) {
  const shows = [...new Set(looks.map(({ name }) => name))].filter(Boolean).map((name) => {
    const own = looks.filter((look) => look.name === name);
    const kinds = own.filter(({ kind }, k) => own.findIndex((look) => look.kind === kind) === k);
    const show = key(name, ...kinds.map((look) => ["path", { d: course({ ...look, pieces: SIGNS[look.kind] }), ...inkOf(look) }]));
    return (marks) => show(marks.some((mark) => mark.name === name));
  });
  return (marks) => shows.forEach((show) => show(marks));
}

export default { render };
