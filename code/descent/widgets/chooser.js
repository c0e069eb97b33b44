
// The chooser. The model gives `content` (names, and for each schedule, number of tries, optimizer
// and task: the loss as a multiple of a fixed one, its rank, whether it is near the lowest) and
// `choice`: the numbers of schedule and tries, then 0 or 1 for each task.

const LEFT = 72, RIGHT = 354;                // the map, in the units of its panel
const UPPER = 46, ROW = 22;                  // its first row, and the height of each
const RANKS = [79, 190], SHARE = [244, 308]; // the axis of ranks, and the bar of shares
const TOP = 10;                              // the multiple from which on the colour stays

const OWN_STYLE = `
.descent-chooser .descent-control { grid-template-columns: 4.5rem 1fr 5.2rem; }
.descent-chooser .descent-tasks { grid-column: 1 / -1; display: grid; grid-template-columns: 4.5rem 1fr; gap: .6rem; align-items: start; font-size: .95em; }
.descent-chooser .descent-tasks > div { display: flex; flex-wrap: wrap; gap: 0 1.1rem; }
.descent-chooser .descent-tasks label { display: flex; align-items: center; gap: .4rem; min-height: 28px; cursor: pointer; }
.descent-chooser .descent-tasks > span { line-height: 28px; }
.descent-chooser .descent-tasks input { width: 1.1em; height: 1.1em; min-height: 0; flex: none; }
.descent-chooser .descent-tasks [aria-disabled], .descent-chooser .descent-tasks label:has([aria-disabled]) { cursor: not-allowed; }
.descent-chooser .descent-says { min-height: 4.5em; }
`;

async function render({ model, el }) {
  const content = model.get("content"), { tasks, optimizers, schedules, tries } = content;
  const own = ready(el, content.colors[0]), both = schedules.length - 1, most = tries[tries.length - 1];
  el.classList.add("descent-chooser");
  node(el, "style", {}, OWN_STYLE);
  let choice = [...model.get("choice")];
  const on = (k) => choice[2 + k] === 1;
  const chosen = () => tasks.map((_, k) => k).filter(on);

  const panel = node(el, "div", { class: "descent-controls" });
  const change = (place, k) => {
    choice[place] = k;
    settle();
    model.set("choice", [...choice]);
    model.save_changes();
  };
  const showSchedule = control(panel, own, "schedule", schedules, true, (k) => change(0, k));
  const counts = ["defaults", ...tries], written = counts.map(String);
  const showTries = control(panel, own, "tries", written, false, (k) => change(1, k));
  const showTasks = checkboxes(panel, own, tasks, on, (k, is) => change(2 + k, is), () => {
    tell(" At least one task must stay.");
  });

  const pictures = node(el, "div", { class: "descent-pictures" });
  const base = UPPER + ROW * optimizers.length, high = base + 68;
  const picture = () => node(node(pictures, "div", { class: "descent-panel" }), "svg", { viewBox: `0 0 ${W} ${high}`, role: "img" });
  const middle = (i) => UPPER + ROW * (i + .5);
  const names = (svg) => optimizers.map((name, i) => node(svg, "text", { x: LEFT - 6, y: middle(i) + 4, "text-anchor": "end" }, name));

  const map = picture(), wide = (RIGHT - LEFT) / tasks.length;
  const shades = content.scale.map((hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16)));
  legend(map, own, content.scale, `test loss ÷ lowest with ${most} tries`);
  names(map);
  const cells = optimizers.map((_, i) => tasks.map((__, k) => {
    const x = LEFT + wide * k, y = UPPER + ROW * i;
    return {
      box: node(map, "rect", { x: x + 2, y: y + 2, width: wide - 4, height: ROW - 4 }),
      text: node(map, "text", { x: x + wide / 2, y: middle(i) + 4, "text-anchor": "middle" }),
    };
  }));
  const heads = tasks.map((task, k) => {
    const x = LEFT + wide * (k + .5) + 4, y = base + 12;
    return node(map, "text", { x, y, "text-anchor": "end", transform: `rotate(-40 ${x} ${y})` }, task);
  });
  const frames = node(map, "path", stroke("currentColor", 1.8));

  const graph = picture(), rows = names(graph), last = optimizers.length;
  const R = (rank) => RANKS[0] + (RANKS[1] - RANKS[0]) * (rank - 1) / (last - 1);
  node(graph, "text", { x: RIGHT, y: UPPER - 10, "text-anchor": "end" }, "tasks within 10\u00a0%");
  node(graph, "path", { d: `M${RANKS[0]},${UPPER}V${base}H${RANKS[1]}M${SHARE[0]},${UPPER}V${base}`, ...stroke("currentColor", .8) });
  for (let rank = 1; rank <= last; rank++) {
    node(graph, "path", { d: `M${R(rank)},${base}v4`, ...stroke("currentColor", .8) });
    node(graph, "text", { x: R(rank), y: base + 17, "text-anchor": "middle" }, rank);
  }
  node(graph, "text", { x: (RANKS[0] + RANKS[1]) / 2, y: base + 34, "text-anchor": "middle" }, "mean rank");
  const chance = node(graph, "path", stroke("currentColor", 1, { "stroke-dasharray": "4 3", "stroke-opacity": .7 }));
  const marks = optimizers.map((_, i) => ({
    stem: node(graph, "path", stroke(content.colors[0], 2)), dot: node(graph, "path"),
    rank: node(graph, "text", { x: RANKS[1] + 36, y: middle(i) + 4, "text-anchor": "end" }),
    bar: node(graph, "path", { fill: content.colors[0] }),
    share: node(graph, "text", { x: RIGHT, y: middle(i) + 4, "text-anchor": "end" }),
  }));
  const showKeys = keys(el, content);
  const say = announcer(el);

  // Of the setting shown, for each optimizer: multiples, ranks and nearness by task; then over those chosen.
  const at = (table) => content[table][choice[0]][choice[1]];
  function results() {
    const over = chosen(), sum = (row) => over.reduce((total, k) => total + row[k], 0);
    return optimizers.map((name, i) => {
      const multiples = at("multiples")[i];
      const worst = over.reduce((w, k) => (multiples[k] ?? Infinity) > (multiples[w] ?? Infinity) ? k : w);
      return { name, multiples, rank: sum(at("ranks")[i]) / over.length, near: sum(at("near")[i]), worst };
    });
  }

  function settle() {
    const twice = choice[0] === both, found = results(), over = chosen();
    const lowest = Math.min(...found.map(({ rank }) => rank));
    counts.forEach((k, i) => { written[i] = twice ? `2 × ${i ? k : "default"}` : String(k); });
    showSchedule(choice[0]);
    showTries(choice[1], setting());
    showTasks(over.length === 1);
    let framed = "";
    found.forEach(({ multiples, rank, near }, i) => {
      cells[i].forEach(({ box, text }, k) => {
        const color = mixed(shades, multiples[k]);
        box.setAttribute("fill", on(k) ? `rgb(${color})` : "none");
        box.setAttribute("stroke", on(k) ? "none" : "currentColor");
        box.setAttribute("stroke-opacity", .35);
        text.style.fill = on(k) ? ink(color) : "currentColor";
        text.textContent = multiple(multiples[k]);
        if (on(k) && at("near")[i][k]) framed += `M${(LEFT + wide * k + 1).toFixed(1)},${UPPER + ROW * i + 1}h${(wide - 2).toFixed(1)}v${ROW - 2}h${(2 - wide).toFixed(1)}Z`;
      });
      const best = rank === lowest, x = R(rank), y = middle(i), { stem, dot, rank: number, bar, share } = marks[i];
      stem.setAttribute("d", `M${RANKS[0]},${y}H${x.toFixed(1)}`);
      dot.setAttribute("d", best ? diamond(x, y) : disc(x, y));
      dot.setAttribute("fill", content.colors[best ? 1 : 0]);
      number.textContent = rank.toFixed(2);
      rows[i].style.fontWeight = number.style.fontWeight = best ? "bold" : "normal";
      bar.setAttribute("d", `M${SHARE[0]},${y - 5}h${((SHARE[1] - SHARE[0]) * near / over.length).toFixed(1)}v10H${SHARE[0]}Z`);
      share.textContent = `${near} of ${over.length}`;
    });
    frames.setAttribute("d", framed);
    heads.forEach((head, k) => { head.style.textDecoration = on(k) ? "none" : "line-through"; });
    const end = lowest + content.gaps[over.length - 1], ends = end <= last;
    chance.setAttribute("d", ends ? `M${R(end).toFixed(1)},${UPPER}V${base}` : "");
    showKeys({ twice, ends, infinite: at("multiples").flat().includes(null) });
    tell();
  }

  function setting() {                       // the tries in words
    const k = counts[choice[1]], name = choice[1] === 0 ? "default settings" : k === 1 ? "1 try" : `${k} tries`;
    if (choice[0] !== both) return name;
    return choice[1] === 0 ? `${name} (2 tries, one under each)`
      : `${2 * k} tries (${k === 1 ? "1 setting" : `${k} settings`} under each)`;
  }

  function which() {                         // the tasks that count, in words
    const over = chosen().map((k) => tasks[k]), out = tasks.filter((_, k) => !on(k));
    if (out.length === 0) return `all ${tasks.length} tasks`;
    if (out.length < 4 && over.length > 3) return `${over.length} tasks, without ${listed(out)}`;
    return over.length === 1 ? `1 task, ${over[0]}` : `${over.length} tasks, ${listed(over)}`;
  }

  function tell(more = "") {
    const found = results(), count = chosen().length;
    const sorted = [...new Set(found.map(({ rank }) => rank))].sort((a, b) => a - b);
    const of = (rank) => found.filter((one) => one.rank === rank);
    const first = of(sorted[0]), most10 = Math.max(...found.map(({ near }) => near));
    const often = found.filter(({ near }) => near === most10).map(({ name }) => name);
    const schedule = choice[0] === both ? "The better of both schedules" : `A ${schedules[choice[0]]} schedule`;
    let text = `${schedule}, ${setting()}, ${which()}: ${listed(first.map(({ name }) => name))} ${first.length > 1 ? "share" : "has"} the lowest mean rank, ${sorted[0].toFixed(2)}`;
    text += sorted.length > 1 ? `; next ${of(sorted[1]).length > 1 ? "are" : "is"} ${listed(of(sorted[1]).map(({ name }) => name))} with ${sorted[1].toFixed(2)}.` : ".";
    const gap = content.gaps[count - 1];
    text += gap < last - 1 ? ` Gaps below ${gap.toFixed(2)} may be chance.` : ` With ${count === 1 ? "1 task" : `${count} tasks`} any gap may be chance.`;
    text += most10 ? ` Most often within 10\u00a0% of the lowest loss: ${listed(often)}, on ${most10} of ${count}.` : " None is within 10\u00a0% of a lowest loss.";
    for (const { name, multiples, worst } of first.slice(0, 1)) {
      text += multiples[worst] === null ? ` ${name} diverges on ${tasks[worst]}.`
        : ` The worst of ${name}: ${multiple(multiples[worst])} times the lowest with ${most} tries, on ${tasks[worst]}.`;
    }
    say(text + more);
    const numbers = found.map(({ name, multiples }) => `${name}: ${tasks.filter((_, k) => on(k)).map((task) => `${task} ${spoken(multiples[tasks.indexOf(task)])}`).join(", ")}`);
    map.setAttribute("aria-label", `Test losses as multiples of the lowest on that task with ${most} tries. ${text} ${numbers.join("; ")}.`);
    graph.setAttribute("aria-label", `Mean ranks, and tasks within 10\u00a0% of the lowest loss. ${text} ${found.map(({ name, rank, near }) => `${name}: mean rank ${rank.toFixed(2)}, ${near} of ${count}`).join("; ")}.`);
  }

  settle();
  return subscribe(model, { choice: () => {
    const fresh = model.get("choice");
    if (String(fresh) !== String(choice)) { choice = [...fresh]; settle(); }
  } });
}

// A checkbox for each task, of which the last one on stays on; returns what shows them.
function checkboxes(parent, own, tasks, on, change, refuse) {
  const group = node(parent, "div", { class: "descent-tasks", role: "group", "aria-labelledby": `${own}-tasks` });
  node(group, "span", { id: `${own}-tasks` }, "tasks");
  const place = node(group, "div");
  const boxes = tasks.map((task, k) => {
    const label = node(place, "label"), input = node(label, "input", { type: "checkbox", id: `${own}-task-${k}` });
    node(label, "span", {}, task);
    input.addEventListener("click", (event) => {
      if (!input.hasAttribute("aria-disabled")) return;
      event.preventDefault();                // not disabled: it would lose the focus, and say nothing
      refuse();
    });
    input.addEventListener("change", () => change(k, +input.checked));
    return input;
  });
  return (alone) => boxes.forEach((input, k) => {
    input.checked = on(k);
    input.toggleAttribute("aria-disabled", false);
    if (alone && on(k)) input.setAttribute("aria-disabled", "true");
  });
}

// The colours, from the lowest loss to TOP times it.
function legend(svg, own, scale, title) {
  const fade = node(node(svg, "defs"), "linearGradient", { id: `${own}-scale` });
  scale.forEach((color, k) => node(fade, "stop", { offset: k / (scale.length - 1), "stop-color": color }));
  node(svg, "text", { x: LEFT, y: 12 }, title);
  node(svg, "rect", { x: LEFT + 2, y: 17, width: RIGHT - LEFT - 4, height: 8, fill: `url(#${own}-scale)` });
  for (const m of [1, 1.5, 2, 3, 5, TOP]) {
    const x = LEFT + 2 + (RIGHT - LEFT - 4) * Math.log(m) / Math.log(TOP);
    node(svg, "path", { d: `M${x.toFixed(1)},25v3`, ...stroke("currentColor", .8) });
    node(svg, "text", { x, y: 39, "text-anchor": m === 1 ? "start" : m === TOP ? "end" : "middle" }, m === TOP ? `${m} or more` : m);
  }
}

// What the signs mean; returns what shows those that the setting has.
function keys(el, content) {
  const list = node(el, "ul", { class: "descent-keys" });
  const add = (text, name, attributes) => {
    const item = node(list, "li");
    if (name) node(node(item, "svg", { viewBox: "0 0 22 16", "aria-hidden": "true" }), name, attributes);
    node(item, "span", {}, text);
    return (is) => { item.style.display = is ? "" : "none"; };
  };
  add("within 10\u00a0% of the lowest in its column", "rect", { x: 2, y: 2, width: 18, height: 12, ...stroke("currentColor", 1.8) });
  add("lowest mean rank", "path", { d: diamond(11, 8), fill: content.colors[1] });
  const ends = add("ranks left of it may differ from the lowest by chance (Nemenyi’s test, 5\u00a0%)", "path", { d: "M11,1v14", ...stroke("currentColor", 1.2, { "stroke-dasharray": "4 3" }) });
  const infinite = add("∞: diverges");
  const twice = add("2 ×: each setting is run under both schedules, so it costs two tries");
  add("CartPole’s loss is the missing part of the return.");
  return (is) => { ends(is.ends); infinite(is.infinite); twice(is.twice); };
}

const diamond = (x, y) => `M${(x - 6).toFixed(1)},${y}l6,-6l6,6l-6,6Z`;
const disc = (x, y) => `M${(x - 4.5).toFixed(1)},${y}a4.5,4.5 0 1 0 9,0a4.5,4.5 0 1 0 -9,0`;

const multiple = (m) => m === null ? "∞" : m < 9.995 ? m.toFixed(2) : m < 99.95 ? m.toFixed(1)
  : m < 9999.5 ? m.toFixed(0) : m.toExponential(0).replace("e+", "e");
const spoken = (m) => m === null ? "diverges" : multiple(m);

const listed = (names) => names.length < 3 ? names.join(" and ")
  : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;

// The colour of a multiple, by its logarithm; and black or white on it, whichever stands out more:
// at the worst colour of all, both still have a contrast of 4.58.
function mixed(shades, m) {
  const part = m === null ? 1 : Math.min(1, Math.max(0, Math.log(m) / Math.log(TOP)));
  const place = part * (shades.length - 1), k = Math.min(shades.length - 2, Math.floor(place));
  return shades[k].map((from, c) => Math.round(from + (place - k) * (shades[k + 1][c] - from)));
}

function ink(color) {
  const [r, g, b] = color.map((c) => c / 255 <= .04045 ? c / 255 / 12.92 : ((c / 255 + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b > .1791 ? "#000" : "#fff";
}

export default { render };
