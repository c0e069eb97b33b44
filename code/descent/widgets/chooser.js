
// The chooser. The model gives `content` (names, and for each schedule, number of tries, optimizer
// and task: the loss as a multiple of a fixed one, its rank, whether it is near the lowest) and
// `choice`: the numbers of schedule and tries, then 0 or 1 for each task.

const LEFT = 80, RIGHT = 354;                // the map, in the units of its panel
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

const CHOICE = {
  read: ([schedule, tries, ...counts]) => ({ schedule, tries, counts }),
  write: ({ schedule, tries, counts }) => [schedule, tries, ...counts],
};

async function render({ model, el }) {
  const content = model.get("content");
  const { own, controls, pictures, key, say } = ready(el, content.colors[0], OWN_STYLE);
  el.classList.add("descent-chooser");
  const choice = choosing(model, CHOICE, settle);
  let words = "";
  const showControls = makeControls(controls, own, content, choice, () => say(`${words} At least one task must stay.`));
  const map = heatMap(pictures, own, content), graph = rankGraph(pictures, content);
  const showKeys = explain(key, content);

  function settle() {
    const found = resultOf(content, choice.now);
    showControls(found);
    map.draw(found);
    graph.draw(found);
    showKeys(found);
    words = told(content, found);
    say(words);
    map.svg.setAttribute("aria-label", mapInWords(content, found, words));
    graph.svg.setAttribute("aria-label", graphInWords(found, words));
  }

  settle();
  return subscribe(model, { choice: choice.follow });
}

// What a choice comes to: the tasks that count, and for each optimizer its multiples and nearness
// by task, and over those tasks its mean rank, on how many it is near, and where it is worst.
function resultOf(content, { schedule, tries, counts }) {
  const of = (table) => content[table][schedule][tries], over = counts.flatMap((is, k) => is ? [k] : []);
  const rows = content.optimizers.map((name, i) => {
    const multiples = of("multiples")[i], near = of("near")[i], ranks = of("ranks")[i];
    const sum = (numbers) => over.reduce((total, k) => total + numbers[k], 0);
    const worst = over.reduce((w, k) => (multiples[k] ?? Infinity) > (multiples[w] ?? Infinity) ? k : w);
    return { name, multiples, near, worst, rank: sum(ranks) / over.length, nearOn: sum(near) };
  });
  const lowest = Math.min(...rows.map(({ rank }) => rank)), gap = content.gaps[over.length - 1];
  return {
    rows, over, lowest, gap, counts: (k) => counts[k] === 1,
    end: lowest + gap,                       // ranks left of it may differ from the lowest by chance
    diverging: rows.some(({ multiples }) => multiples.includes(null)),
    setting: settingOf(content, schedule, tries),
  };
}

// The setting in words: the schedule, what the slider shows for each number of tries, and those
// chosen. Under both schedules each setting is run twice.
function settingOf({ schedules, tries }, schedule, chosen) {
  const both = schedule === schedules.length - 1, numbers = ["defaults", ...tries], number = numbers[chosen];
  const single = chosen === 0 ? "default settings" : number === 1 ? "1 try" : `${number} tries`;
  const double = chosen === 0 ? `${single} (2 tries, one under each)`
    : `${2 * number} tries (${number === 1 ? "1 setting" : `${number} settings`} under each)`;
  return {
    both, schedule: both ? "The better of both schedules" : `A ${schedules[schedule]} schedule`,
    labels: numbers.map((k, i) => both ? `2 × ${i ? k : "default"}` : String(k)),
    tries: both ? double : single,
  };
}

// The controls; returns what shows where they stand.
function makeControls(parent, own, { schedules, tries, tasks }, choice, refuse) {
  const change = (fresh) => choice.change({ ...choice.now, ...fresh });
  const showSchedule = menu(parent, own, "schedule", schedules, (schedule) => change({ schedule }));
  const showTries = slider(parent, own, "tries", ["defaults", ...tries], (k) => change({ tries: k }));
  const showTasks = checkboxes(parent, own, tasks, (k, is) => change({ counts: choice.now.counts.with(k, is) }), refuse);
  return ({ setting }) => {
    showSchedule(choice.now.schedule);
    showTries(choice.now.tries, { labels: setting.labels, spoken: setting.tries });
    showTasks(choice.now.counts);
  };
}

// A checkbox for each task, of which the last one on stays on; returns what shows them.
function checkboxes(parent, own, tasks, change, refuse) {
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
  return (counts) => {
    const alone = counts.filter((is) => is).length === 1;
    boxes.forEach((input, k) => {
      input.checked = counts[k] === 1;
      input.toggleAttribute("aria-disabled", false);
      if (alone && counts[k]) input.setAttribute("aria-disabled", "true");
    });
  };
}

// The rows of both pictures: where they end, their middles, how high the pictures are.
const endOf = (optimizers) => UPPER + ROW * optimizers.length;
const middle = (i) => UPPER + ROW * (i + .5);
const highOf = (optimizers) => endOf(optimizers) + 68;

const rowNames = (svg, optimizers) => optimizers.map((name, i) =>
  node(svg, "text", { x: LEFT - 6, y: middle(i) + 4, "text-anchor": "end" }, name));

// The heat map: multiples by optimizer and task, framed where near the lowest of the column.
function heatMap(parent, own, { tasks, optimizers, scale, tries }) {
  const svg = panel(parent, highOf(optimizers)), wide = (RIGHT - LEFT) / tasks.length;
  const shades = scale.map((hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16)));
  colorScale(svg, own, scale, `test loss ÷ lowest with ${tries.at(-1)} tries`);
  rowNames(svg, optimizers);
  const cells = optimizers.map((_, i) => tasks.map((__, k) => {
    const x = LEFT + wide * k, y = UPPER + ROW * i;
    return {
      box: node(svg, "rect", { x: x + 2, y: y + 2, width: wide - 4, height: ROW - 4 }),
      text: node(svg, "text", { x: x + wide / 2, y: middle(i) + 4, "text-anchor": "middle" }),
      frame: `M${(x + 1).toFixed(1)},${y + 1}h${(wide - 2).toFixed(1)}v${ROW - 2}h${(2 - wide).toFixed(1)}Z`,
    };
  }));
  const heads = tasks.map((task, k) => {
    const x = LEFT + wide * (k + .5) + 4, y = endOf(optimizers) + 12;
    return node(svg, "text", { x, y, "text-anchor": "end", transform: `rotate(-40 ${x} ${y})` }, task);
  });
  const frames = node(svg, "path", stroke("currentColor", 1.8));
  return { svg, draw: ({ rows, over, counts }) => {
    rows.forEach(({ multiples }, i) => cells[i].forEach((cell, k) =>
      fill(cell, mixed(shades, multiples[k]), multiple(multiples[k]), counts(k))));
    frames.setAttribute("d", rows.flatMap(({ near }, i) =>
      over.filter((k) => near[k]).map((k) => cells[i][k].frame)).join(""));
    heads.forEach((head, k) => { head.style.textDecoration = counts(k) ? "none" : "line-through"; });
  } };
}

// A cell of a task that does not count keeps its number, but no colour.
function fill({ box, text }, color, number, counts) {
  box.setAttribute("fill", counts ? `rgb(${color})` : "none");
  box.setAttribute("stroke", counts ? "none" : "currentColor");
  box.setAttribute("stroke-opacity", .35);
  text.style.fill = counts ? ink(color) : "currentColor";
  text.textContent = number;
}

// Mean ranks, and the share of tasks on which an optimizer is near the lowest.
function rankGraph(parent, { optimizers, colors }) {
  const svg = panel(parent, highOf(optimizers)), names = rowNames(svg, optimizers), last = optimizers.length;
  const base = endOf(optimizers), [begin, full] = SHARE;
  const R = (rank) => RANKS[0] + (RANKS[1] - RANKS[0]) * (rank - 1) / (last - 1);
  rankAxes(svg, R, base, last);
  const chance = node(svg, "path", stroke("currentColor", 1, { "stroke-dasharray": "4 3", "stroke-opacity": .7 }));
  const marks = optimizers.map((_, i) => ({
    stem: node(svg, "path", stroke(colors[0], 2)), dot: node(svg, "path"),
    number: node(svg, "text", { x: RANKS[1] + 36, y: middle(i) + 4, "text-anchor": "end" }),
    bar: node(svg, "path", { fill: colors[0] }),
    share: node(svg, "text", { x: RIGHT, y: middle(i) + 4, "text-anchor": "end" }),
  }));
  return { svg, draw: ({ rows, over, lowest, end }) => {
    rows.forEach(({ rank, nearOn }, i) => {
      const best = rank === lowest, x = R(rank), y = middle(i), { stem, dot, number, bar, share } = marks[i];
      stem.setAttribute("d", `M${RANKS[0]},${y}H${x.toFixed(1)}`);
      dot.setAttribute("d", best ? diamond(x, y) : disc(x, y));
      dot.setAttribute("fill", colors[best ? 1 : 0]);
      number.textContent = rank.toFixed(2);
      names[i].style.fontWeight = number.style.fontWeight = best ? "bold" : "normal";
      bar.setAttribute("d", `M${begin},${y - 5}h${((full - begin) * nearOn / over.length).toFixed(1)}v10H${begin}Z`);
      share.textContent = `${nearOn} of ${over.length}`;
    });
    chance.setAttribute("d", end <= last ? `M${R(end).toFixed(1)},${UPPER}V${base}` : "");
  } };
}

// The axis of ranks, and where the bars begin.
function rankAxes(svg, R, base, last) {
  node(svg, "text", { x: RIGHT, y: UPPER - 10, "text-anchor": "end" }, "tasks within 10\u00a0%");
  node(svg, "path", { d: `M${RANKS[0]},${UPPER}V${base}H${RANKS[1]}M${SHARE[0]},${UPPER}V${base}`, ...stroke("currentColor", .8) });
  for (let rank = 1; rank <= last; rank++) {
    node(svg, "path", { d: `M${R(rank)},${base}v4`, ...stroke("currentColor", .8) });
    if (last < 10 || rank === 1 || rank % 3 === 0) {  // numbers of two digits need more room
      node(svg, "text", { x: R(rank), y: base + 17, "text-anchor": "middle" }, rank);
    }
  }
  node(svg, "text", { x: (RANKS[0] + RANKS[1]) / 2, y: base + 34, "text-anchor": "middle" }, "mean rank");
}

// The colours, from the lowest loss to TOP times it.
function colorScale(svg, own, scale, title) {
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

// What the signs mean; returns what shows those that a result has.
function explain(key, { optimizers, colors }) {
  key("within 10\u00a0% of the lowest in its column", ["rect", { x: 2, y: 2, width: 18, height: 12, ...stroke("currentColor", 1.8) }]);
  key("lowest mean rank", ["path", { d: diamond(11, 8), fill: colors[1] }]);
  const showChance = key("ranks left of it may differ from the lowest by chance (Nemenyi’s test, 5\u00a0%)",
    ["path", { d: "M11,1v14", ...stroke("currentColor", 1.2, { "stroke-dasharray": "4 3" }) }]);
  const showDiverging = key("∞: diverges");
  const showBoth = key("2 ×: each setting is run under both schedules, so it costs two tries");
  key("CartPole’s loss is the missing part of the return.");
  return ({ end, diverging, setting }) => {
    showChance(end <= optimizers.length);
    showDiverging(diverging);
    showBoth(setting.both);
  };
}

// The result in words.
function told({ tasks, tries, optimizers }, { rows, over, lowest, gap, setting }) {
  const count = over.length, some = count === 1 ? "1 task" : `${count} tasks`;
  const names = (found) => listed(found.map(({ name }) => name));
  const first = rows.filter(({ rank }) => rank === lowest), behind = rows.filter(({ rank }) => rank > lowest);
  const nextRank = Math.min(...behind.map(({ rank }) => rank)), next = behind.filter(({ rank }) => rank === nextRank);
  const most = Math.max(...rows.map(({ nearOn }) => nearOn)), often = rows.filter(({ nearOn }) => nearOn === most);
  const [{ name, multiples, worst }] = first;
  return [
    `${setting.schedule}, ${setting.tries}, ${which(tasks, over)}: ${names(first)} ${first.length > 1 ? "share" : "has"} the lowest mean rank, ${lowest.toFixed(2)}`
      + (next.length ? `; next ${next.length > 1 ? "are" : "is"} ${names(next)} with ${nextRank.toFixed(2)}.` : "."),
    gap < optimizers.length - 1 ? `Gaps below ${gap.toFixed(2)} may be chance.` : `With ${some} any gap may be chance.`,
    most ? `Most often within 10\u00a0% of the lowest loss: ${names(often)}, on ${most} of ${count}.` : "None is within 10\u00a0% of a lowest loss.",
    multiples[worst] === null ? `${name} diverges on ${tasks[worst]}.`
      : `The worst of ${name}: ${multiple(multiples[worst])} times the lowest with ${tries.at(-1)} tries, on ${tasks[worst]}.`,
  ].join(" ");
}

// The tasks that count, in words: named are those, or the others where these are few.
function which(tasks, over) {
  const names = over.map((k) => tasks[k]), out = tasks.filter((_, k) => !over.includes(k));
  if (out.length === 0) return `all ${tasks.length} tasks`;
  if (out.length < 4 && names.length > 3) return `${names.length} tasks, without ${listed(out)}`;
  return names.length === 1 ? `1 task, ${names[0]}` : `${names.length} tasks, ${listed(names)}`;
}

function mapInWords({ tasks, tries }, { rows, over }, words) {
  const numbers = rows.map(({ name, multiples }) => `${name}: ${over.map((k) => `${tasks[k]} ${spoken(multiples[k])}`).join(", ")}`);
  return `Test losses as multiples of the lowest on that task with ${tries.at(-1)} tries. ${words} ${numbers.join("; ")}.`;
}

function graphInWords({ rows, over }, words) {
  const numbers = rows.map(({ name, rank, nearOn }) => `${name}: mean rank ${rank.toFixed(2)}, ${nearOn} of ${over.length}`);
  return `Mean ranks, and tasks within 10\u00a0% of the lowest loss. ${words} ${numbers.join("; ")}.`;
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
  const part = m === null ? 1 : clamped(Math.log(m) / Math.log(TOP), 0, 1);
  const place = part * (shades.length - 1), k = Math.min(shades.length - 2, Math.floor(place));
  return shades[k].map((from, c) => Math.round(from + (place - k) * (shades[k + 1][c] - from)));
}

function ink(color) {
  const [r, g, b] = color.map((c) => c / 255 <= .04045 ? c / 255 / 12.92 : ((c / 255 + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b > .1791 ? "#000" : "#fff";
}

export default { render };
