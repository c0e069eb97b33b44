// The playground. The model gives `content` (names, contour lines, the table of runs), `choice`,
// `step`, `start` and `live`: whether someone answers when the start is moved, in Jupyter the kernel,
// on a page the Python there, once it is running. It gives the runs as they are, in place of a table.

async function render({ model, el }) {
  let content = model.get("content"), step = model.get("step"), runs = null, run = null, loads = 0;
  const { own, controls, pictures, key, say } = ready(el, content.colors[0]), scale = mapScale(content);
  const choice = choosing(model, byName(content.controls), settle);
  const showControls = makeControls(controls, own, content, choice);
  const showStep = stepSlider(controls, own, content, (t) => { step = t; walk(); save(model, "step", step); });
  const map = mapPicture(pictures, own, content, scale), graph = lossGraph(pictures, own, content);
  const bars = content.bars.length ? barPanel(pictures, content) : null;
  let movable = false, explained;

  function settle() {                        // a control has moved: another run
    run = runOf(content, runs, choice.now, scale);
    map.settle(run);
    graph.settle(run);
    showControls();
    const text = told(content, choice.now, run, scale);
    say(text);
    map.svg.setAttribute("aria-label", `Contour lines of the ${content.surfaces[run.surface]} surface and the path of ${content.rule} on them. ${text}`);
    graph.svg.setAttribute("aria-label", `The loss above the lowest against the step, on a logarithmic axis. ${text}`);
    walk();
  }

  function walk() {                          // the step has moved, or the run
    const t = Math.min(step, run.last);
    map.walk(run, t);
    graph.walk(run, t);
    bars?.walk(run, t);
    showStep(step, run, scale);
  }

  async function load() {                    // another table: at first, and when the start has moved
    const mine = ++loads, fresh = model.get("content");
    const table = fresh.runs ?? await unpackRuns(fresh);
    if (mine !== loads) return;              // a later one has overtaken it
    content = fresh;
    runs = table;
    graph.range(runs, content);
    bars?.range(runs, content);
    legend();
    settle();
  }

  function legend() {                        // another rule may have another memory
    const live = model.get("live"), now = `${content.memory} ${live}`;
    if (now !== explained) explain(key, content, live);
    explained = now;
  }

  function answers() {                       // from now on someone answers when the start is moved
    if (movable || !model.get("live")) return;
    movable = true;
    moveStart(model, map, content, scale);
    legend();
  }

  function follow() {                        // the kernel, or another view, has moved the step
    if (model.get("step") === step) return;
    step = model.get("step");
    walk();
  }

  const leave = subscribe(model, { content: load, choice: choice.follow, step: follow, live: answers });
  answers();
  await load();
  return leave;
}

// The numbers of the controls, each under the control's name.
const byName = (controls) => ({
  read: (choice) => Object.fromEntries(controls.map(({ name }, i) => [name, choice[i]])),
  write: (chosen) => controls.map(({ name }) => chosen[name]),
});

// The runs by channel: `x`, `y`, `loss`, each bar as `NAME in x` and `NAME in y`, and the memory's
// `push x` and `push y`. These come as what they differ by from the step just made.
async function unpackRuns({ table, coarse }) {
  const runs = await unpack(table);
  for (const axis of ["x", "y"]) {
    runs[`push ${axis}`]?.forEach((push, row) => {
      const at = runs[axis][row];
      for (let t = 1; t < push.length; t++) push[t] += Math.floor((at[t] - at[t - 1]) / coarse);
    });
  }
  return runs;
}

// The run of what is chosen: its points in pixels on the map, its losses in decades, as far as it
// is drawn, and by step the push of the memory, the bars, and what the next step sees.
function runOf(content, runs, chosen, scale) {
  const number = (some) => some.reduce((k, { name, labels }) => k * labels.length + chosen[name], 0);
  const { steps, controls, decades, coarse, memory } = content, row = number(controls);
  const last = Math.min(steps, content.left[row]);
  return {
    last, left: content.left[row] <= steps, // whether it diverges and leaves the picture, at the last
    surface: number(controls.filter(({ surface }) => surface)),
    points: Array.from({ length: last + 1 }, (_, t) => scale.ofTable([runs.x[row][t], runs.y[row][t]])),
    loss: Array.from({ length: last + 1 }, (_, t) => runs.loss[row][t] / decades),
    push: (t) => memory ? [runs["push x"][row][t] * coarse * scale.perX, -runs["push y"][row][t] * coarse * scale.perY]
      : [0, 0],
    runs, bar: (name, t) => runs[name][row][t] / decades,
    looks: content.looks[row], ellipses: content.ellipses[row],
  };
}

// Where a point of the surface, or of the table, lies on the map, and the way back.
function mapScale({ window: [[x0, x1], [y0, y1]], fine }) {
  const perX = WIDE / fine, perY = HIGH / fine;
  return {
    perX, perY,
    place: ([x, y]) => [BOX.left + WIDE * (x - x0) / (x1 - x0), BOX.bottom - HIGH * (y - y0) / (y1 - y0)],
    ofTable: ([x, y]) => [BOX.left + WIDE / 2 + x * perX, BOX.top + HIGH / 2 - y * perY],
    back: ([x, y]) => [x0 + (x - BOX.left) / WIDE * (x1 - x0), y0 + (BOX.bottom - y) / HIGH * (y1 - y0)],
  };
}

// The controls of the rule and the surface; returns what shows where they stand.
function makeControls(parent, own, { controls }, choice) {
  const shows = controls.map(({ name, labels, menu: isMenu }) => (isMenu ? menu : slider)(
    parent, own, name, labels, (k) => choice.change({ ...choice.now, [name]: k })));
  return () => shows.forEach((show, i) => show(choice.now[controls[i].name]));
}

// The slider of the step; returns what shows one, and says where the run is then.
function stepSlider(parent, own, { steps }, change) {
  const labels = Array.from({ length: steps + 1 }, (_, t) => String(t));
  const show = slider(parent, own, "step", labels, change, "descent-walk");
  return (step, { last, loss, points }, scale) => {
    const t = Math.min(step, last), stopped = step > last ? `, stopped at ${last}` : "";
    show(step, { spoken: `${step}${stopped}: loss ${amount(loss[t])} at ${pair(scale.back(points[t]), 2)}` });
  };
}

// The map: made once, later only attributes change; `settle` draws a run, `walk` a step of it.
function mapPicture(parent, own, content, scale) {
  const { window: [[x0, x1], [y0, y1]], contours, minima, colors: [c1, c2], steps } = content;
  const svg = panel(parent), inside = clip(svg, `${own}-map`);
  const grounds = contours.map((levels, k) => ground(inside, levels, minima[k].map(scale.place)));
  const layers = [pathLayer(inside, c1, steps), pushLayer(inside, c2), searchLayer(inside, c2, scale)];
  const begin = node(inside, "rect", { width: 8, height: 8, ...stroke("currentColor", 1.6) });
  const here = node(inside, "circle", { r: 4.5, fill: c1, stroke: "currentColor" });
  axes(svg, ticks(x0, x1, 6).map((x) => [scale.place([x, 0])[0], minus(x)]),
    ticks(y0, y1, 5).map((y) => [scale.place([0, y])[1], minus(y)]), "x", "y");
  const exit = node(svg, "path", stroke(c2, 2.6));
  const showStart = ([x, y]) => {
    begin.setAttribute("x", x - 4);
    begin.setAttribute("y", y - 4);
  };
  return {
    svg, showStart,
    settle: (run) => {
      grounds.forEach((group, k) => group.setAttribute("display", k === run.surface ? "inline" : "none"));
      showStart(run.points[0]);
      exit.setAttribute("d", exitOf(run));
    },
    walk: (run, t) => {
      for (const draw of layers) draw(run, t);
      center(here, run.points[t]);
    },
  };
}

// The path, darker as far as it is walked.
function pathLayer(parent, color, steps) {
  const future = node(parent, "path", stroke(color, 1.4, { "stroke-opacity": .65 }));
  const past = node(parent, "path", stroke(color, 1.8));
  const dots = node(parent, "path", stroke(color, steps > 100 ? 3.4 : 4.4, { class: "descent-dots" }));
  return ({ points }, t) => {
    const walked = points.slice(0, t + 1);
    past.setAttribute("d", through(walked));
    dots.setAttribute("d", walked.map(([x, y]) => `M${x.toFixed(1)},${y.toFixed(1)}h0`).join(""));
    future.setAttribute("d", through(points.slice(t)));
  };
}

// The push of the memory, an arrow from the point of the step.
function pushLayer(parent, color) {
  const shaft = node(parent, "path", stroke(color, 2.4)), head = node(parent, "path", { fill: color });
  return ({ points, push }, t) => {
    const [x, y] = points[t], [u, v] = push(t), size = Math.hypot(u, v), long = Math.min(9, size);
    const seen = size > 2, part = 1 - .8 * long / size;
    shaft.setAttribute("d", seen ? `M${x.toFixed(1)},${y.toFixed(1)}l${(u * part).toFixed(1)},${(v * part).toFixed(1)}` : "");
    head.setAttribute("d", seen ? tip(x + u, y + v, u, v, long) : "");
  };
}

// What the next step sees: its quadratic model, its search line, each look and the one taken.
function searchLayer(parent, color, scale) {
  const level = node(parent, "path", stroke("currentColor", 1.4, { "stroke-dasharray": "2 3" }));
  const line = node(parent, "path", stroke(color, 1.4, { "stroke-dasharray": "4 3" }));
  const looked = node(parent, "path", stroke(color, 1.8)), taken = node(parent, "path", { fill: color });
  const ring = ([x, y]) => `M${(x - 3.6).toFixed(1)},${y.toFixed(1)}a3.6,3.6 0 1 0 7.2,0a3.6,3.6 0 1 0 -7.2,0`;
  return ({ points, last, looks, ellipses }, t) => {
    const next = (seen) => t < last ? inPairs(seen?.[t] ?? []).map(scale.ofTable) : [];
    const seen = next(looks), went = seen.findIndex((look) => apart(look, points[t + 1]) < 1);
    line.setAttribute("d", seen.map((look) => through([points[t], look])).join(""));
    looked.setAttribute("d", seen.filter((_, k) => k !== went).map(ring).join(""));
    taken.setAttribute("d", seen.filter((_, k) => k === went).map(ring).join(""));
    level.setAttribute("d", levelLine(...next(ellipses)));
  };
}

// An ellipse given by its centre and two points of its rim, with a cross in the middle.
const levelLine = (centre, a, b) => !centre ? ""
  : `${rim(centre, a, b)}M${centre[0] - 3},${centre[1]}h6M${centre[0]},${centre[1] - 3}v6`;

// A surface's contour lines: the ground a little darker with each level, so that valleys are light.
function ground(parent, levels, crosses) {
  const group = node(parent, "g", { display: "none" });
  for (const rings of levels) {
    const d = rings.map((ring) => `${through(inPairs(ring).map(([x, y]) =>
      [BOX.left + WIDE * x / 1000, BOX.bottom - HIGH * y / 1000]))}Z`).join("");
    node(group, "path", { d, fill: "currentColor", "fill-opacity": .012, "fill-rule": "evenodd",
      stroke: "currentColor", "stroke-opacity": .28, "stroke-width": .8 });
  }
  const marks = crosses.map(([x, y]) => `M${x - 5},${y}h10M${x},${y - 5}v10`).join("");
  node(group, "path", { d: marks, ...stroke("currentColor", 1.6) });
  return group;
}

// Where the way from one point to the next leaves the box; null where it never was inside.
function leaves(x, y, toX, toY) {
  let from = 0, to = 1;
  for (const [at, way, low, high] of [[x, toX - x, BOX.left, BOX.right], [y, toY - y, BOX.top, BOX.bottom]]) {
    if (way === 0 && (at < low || at > high)) return null;
    if (way === 0) continue;
    const [a, b] = [(low - at) / way, (high - at) / way];
    from = Math.max(from, Math.min(a, b));
    to = Math.min(to, Math.max(a, b));
  }
  return from > to ? null : [x + to * (toX - x), y + to * (toY - y)];
}

// A cross where a run that diverges leaves the map.
function exitOf({ left, points, last }) {
  if (!left) return "";
  for (let t = last; t > 0; t--) {
    const point = leaves(...points[t - 1], ...points[t]);
    if (point) return crossed(point);
  }
  return "";
}

const crossed = ([x, y]) => `M${x - 5},${y - 5}l10,10m0,-10l-10,10`;

const inPairs = (numbers) => Array.from({ length: numbers.length / 2 }, (_, k) => numbers.slice(2 * k, 2 * k + 2));

const apart = ([x, y], [toX, toY]) => Math.hypot(x - toX, y - toY);

function center(circle, [x, y]) {
  circle.setAttribute("cx", x.toFixed(1));
  circle.setAttribute("cy", y.toFixed(1));
}

// The graph of the loss; its axis holds the runs of all settings.
function lossGraph(parent, own, { colors: [c1, c2], steps }) {
  const svg = panel(parent), scale = node(svg, "g");
  const percent = node(svg, "path", stroke("currentColor", 1, { "stroke-dasharray": "4 3", "stroke-opacity": .6 }));
  const percentName = node(svg, "text", { x: BOX.right, "text-anchor": "end" }, "1\u00a0% of the first");
  const curve = node(clip(svg, `${own}-graph`), "path", stroke(c1, 1.8));
  const gone = node(svg, "path", stroke(c2, 2.6)), goneName = node(svg, "text");
  const now = node(svg, "circle", { r: 4.5, fill: c1, stroke: "currentColor" }), nowName = node(svg, "text");
  let top = 0, bottom = -1;                  // decades of loss at the upper and lower edge
  const T = (t) => BOX.left + WIDE * t / steps;
  const D = (d) => BOX.top + HIGH * (top - d) / (top - bottom);
  const shown = (d) => clamped(D(d), BOX.top, BOX.bottom);
  return {
    svg,
    range: (runs, { decades }) => {
      const first = Math.max(...runs.loss.map(([d]) => d)) / decades;
      const lowest = runs.loss.reduce((low, row) => Math.min(low, ...row), Infinity) / decades;
      top = Math.floor(first) + 2;
      bottom = Math.max(top - DECADES, Math.min(top - 4, Math.floor(lowest)));
      scale.replaceChildren();
      axes(scale, ticks(0, steps, 6).map((t) => [T(t), t]),
        ticks(bottom, top, 6).filter(Number.isInteger).map((d) => [D(d), power(d)]), "step", "loss above the lowest");
    },
    settle: ({ loss, left, last }) => {
      const threshold = shown(loss[0] - 2);  // decades: 1 % of the first
      curve.setAttribute("d", through(loss.map((d, t) => [T(t), D(d)])));
      percent.setAttribute("d", `M${BOX.left},${threshold.toFixed(1)}H${BOX.right}`);
      percentName.setAttribute("y", threshold - 5);
      gone.setAttribute("d", left ? crossed([T(last), shown(loss[last])]) : "");
      goneName.textContent = left ? `left at step ${last}` : "";
      beside(goneName, T(last), BOX.top + 26, last < .6 * steps, 12);
    },
    walk: ({ loss, left, last }, t) => {
      const x = T(t), y = shown(loss[t]);
      center(now, [x, y]);
      nowName.textContent = left && t === last ? "" : amount(loss[t]);
      beside(nowName, x, Math.max(BOX.top + 10, y - 8), t < .75 * steps, 8);
    },
  };
}

// Two bars, for x and y, under each name, on one logarithmic axis.
function barPanel(parent, { bars, colors: [c1, c2] }) {
  const high = 34 + 50 * bars.length, low = high - 26, svg = panel(parent, high), scale = node(svg, "g");
  const rows = bars.flatMap((name, k) => ["x", "y"].map((axis, i) => {
    const y = 20 + 50 * k + 16 * i;
    if (i === 0) node(svg, "text", { x: BOX.left, y: y - 6 }, name);
    node(svg, "text", { x: BOX.left - 8, y: y + 11, "text-anchor": "end" }, axis);
    return {
      channel: `${name} in ${axis}`,
      bar: node(svg, "rect", { x: BOX.left, y: y + 1, height: 12, width: 0, fill: i ? c2 : c1 }),
      text: node(svg, "text", { y: y + 11 }),
    };
  }));
  let left = -1, right = 1;                  // decades at the ends of the axis
  const place = (d) => BOX.left + (WIDE - 40) * clamped((d - left) / (right - left), 0, 1);
  const there = (runs) => rows.every(({ channel }) => runs[channel]);  // not of every changed rule
  return {
    range: (runs, { decades }) => {          // from the lowest of all settings to the highest
      svg.parentNode.style.display = there(runs) ? "" : "none";
      if (!there(runs)) return;
      const all = rows.flatMap(({ channel }) => runs[channel].flatMap((row) => Array.from(row)));
      const sorted = Float64Array.from(all, (n) => n / decades).sort();
      left = Math.floor(sorted[Math.floor(sorted.length * .01)]) - 1;
      right = Math.max(left + 2, Math.ceil(sorted[Math.floor(sorted.length * .99)]));
      scale.replaceChildren();
      node(scale, "path", { d: `M${BOX.left},${low}H${BOX.right - 40}`, ...stroke("currentColor", 1) });
      for (const d of ticks(left, right, 5).filter(Number.isInteger)) {
        node(scale, "path", { d: `M${place(d).toFixed(1)},${low}v4`, ...stroke("currentColor", 1) });
        node(scale, "text", { x: place(d), y: low + 17, "text-anchor": "middle" }, power(d));
      }
    },
    walk: (run, t) => {
      if (!there(run.runs)) return;
      const said = rows.map(({ bar, text, channel }) => {
        const decade = run.bar(channel, t), end = place(decade);
        bar.setAttribute("width", (end - BOX.left).toFixed(1));
        text.setAttribute("x", (end + 5).toFixed(1));
        text.textContent = short(10 ** decade);
        return `${channel}: ${text.textContent}`;
      });
      svg.setAttribute("aria-label", `${said.join("; ")}.`);
    },
  };
}

// What the signs of the picture mean, each beside its sign.
function explain(key, { colors: [c1, c2], minima, memory, lr, looks, ellipses, source }, live) {
  key.clear();
  const dashed = (color, dashes) => stroke(color, 1.4, { "stroke-dasharray": dashes });
  key("start", ["rect", { x: 7, y: 4, width: 8, height: 8, ...stroke("currentColor", 1.5) }]);
  key("the step shown", ["circle", { cx: 11, cy: 8, r: 4.5, fill: c1, stroke: "currentColor" }]);
  key(minima[0].length > 1 ? "minima" : "minimum", ["path", { d: "M6,8h10M11,3v10", ...stroke("currentColor", 1.6) }]);
  if (memory) {
    key(`${lr ? "−lr × " : "−"}${memory}: the push of the rule's memory`,
      ["path", { d: "M1,8H15", ...stroke(c2, 2.4) }], ["path", { d: tip(21, 8, 1, 0, 9), fill: c2 }]);
  }
  if (looks.length) {
    key("where the next step looks", ["circle", { cx: 11, cy: 8, r: 4, ...stroke(c2, 1.8) }]);
    key("where it goes", ["circle", { cx: 11, cy: 8, r: 4, fill: c2 }]);
    key("its search line", ["path", { d: "M1,8H21", ...dashed(c2, "4 3") }]);
  }
  if (ellipses.length) {
    key("level line of its model, around the model's minimum",
      ["ellipse", { cx: 11, cy: 8, rx: 9, ry: 5, ...dashed("currentColor", "2 3") }]);
  }
  key("left the picture", ["path", { d: "M6,3l10,10m0,-10l-10,10", ...stroke(c2, 2.4) }]);
  key(live ? "To move the start, drag in the map, or focus the map and use the arrow keys."
    : source ? "The start is fixed until you run a rule below."
      : "The start is fixed here; in a notebook that has run this cell you can drag it.");
}

// The run in words.
function told({ controls, steps, minima }, chosen, { loss, left, last, looks, points, surface }, scale) {
  const names = controls.map(({ name, labels }) => `${name.replaceAll("_", " ")} ${labels[chosen[name]]}`).join(", ");
  if (left) return `${names}: it diverges and leaves the picture at step ${last}, with a loss of ${amount(loss[last])}.`;
  const below = loss.findIndex((d) => d <= loss[0] - 2);
  let text = `${names}: the loss ${loss[steps] < loss[0] ? "falls" : "grows"} from ${amount(loss[0])} to ${amount(loss[steps])} in ${steps} steps; `
    + (below < 0 ? "it is never below 1\u00a0% of the first." : `it is first below 1\u00a0% of the first at step ${below}.`);
  if (looks) {                               // each look, and the one at the start
    const count = (t) => looks.slice(0, t).reduce((sum, seen) => sum + seen.length / 2, 1);
    text += ` It looks at ${count(steps)} points${below < 0 ? "" : `, ${count(below)} of them until then`}.`;
  }
  if (minima[surface].length > 1) {
    const near = minima[surface].find((point) => apart(scale.place(point), points[steps]) < 12);
    text += near ? ` It ends near the minimum at ${pair(near, 1)}.` : " It ends near none of the minima.";
  }
  return text;
}

// In Jupyter: move the start with the pointer or the arrow keys; the kernel computes the runs anew.
function moveStart(model, { svg, showStart }, { window: [[x0, x1], [y0, y1]] }, scale) {
  const focused = svg.parentNode;
  const tell = () => focused.setAttribute("aria-label", `Start of the path, at ${pair(model.get("start"), 2)}; arrow keys move it`);
  const move = ([x, y]) => {
    const start = [clamped(x, x0, x1), clamped(y, y0, y1)].map((v) => +v.toFixed(3));
    showStart(scale.place(start));
    save(model, "start", start);
    tell();
  };
  dragTo(svg, (at) => move(scale.back(at)));
  keysBy(focused, (right, up) => {
    const [x, y] = model.get("start");
    move([x + right * (x1 - x0) / 50, y + up * (y1 - y0) / 50]);
  });
  tell();
}

function dragTo(svg, move) {
  const drag = (event) => {
    const box = svg.getBoundingClientRect();
    move([(event.clientX - box.left) / box.width * W, (event.clientY - box.top) / box.height * H]);
  };
  svg.classList.add("descent-live");
  svg.addEventListener("pointerdown", (event) => { svg.setPointerCapture(event.pointerId); drag(event); });
  svg.addEventListener("pointermove", (event) => { if (event.buttons & 1) drag(event); });
}

function keysBy(focused, move) {
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  focused.setAttribute("tabindex", 0);
  focused.setAttribute("role", "application");
  focused.addEventListener("keydown", (event) => {
    if (!ways[event.key]) return;
    event.preventDefault();
    move(...ways[event.key]);
  });
}

export default { render };
