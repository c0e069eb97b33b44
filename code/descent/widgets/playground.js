// The playground. The model gives `content` (names, contour lines, the table of runs), `choice`,
// `step`, `start` and `live`: whether a kernel answers when the start is moved.

// The table of runs; arrows come as what they differ by from the step just made.
async function unpackRuns({ table, steps, left, coarse, bars }) {
  const length = steps + 1, channel = left.length * length, smooth = (3 + 2 * bars.length) * channel;
  const values = await unpack(table, length, smooth);
  for (let i = smooth; i < values.length; i++) {
    const point = i - smooth;
    if (point % length) values[i] += Math.floor((values[point] - values[point - 1]) / coarse);
  }
  return values;
}

// A surface's contour lines: the ground a little darker with each level, so that valleys are light.
function ground(parent, levels, crosses) {
  const group = node(parent, "g", { display: "none" });
  for (const rings of levels) {
    let d = "";
    for (const ring of rings) {
      for (let i = 0; i < ring.length; i += 2) {
        d += `${i ? "L" : "M"}${(BOX.left + WIDE * ring[i] / 1000).toFixed(1)},${(BOX.bottom - HIGH * ring[i + 1] / 1000).toFixed(1)}`;
      }
      d += "Z";
    }
    node(group, "path", { d, fill: "currentColor", "fill-opacity": .012, "fill-rule": "evenodd",
      stroke: "currentColor", "stroke-opacity": .28, "stroke-width": .8 });
  }
  node(group, "path", { d: crosses.map(([x, y]) => `M${x - 5},${y}h10M${x},${y - 5}v10`).join(""), ...stroke("currentColor", 1.6) });
  return group;
}

// A triangle with its tip at (x, y), pointing along (u, v).
function tip(x, y, u, v, long) {
  const size = Math.hypot(u, v) || 1, bx = u / size * long, by = v / size * long;
  return `M${x.toFixed(1)},${y.toFixed(1)}L${(x - bx - by * .45).toFixed(1)},${(y - by + bx * .45).toFixed(1)}L${(x - bx + by * .45).toFixed(1)},${(y - by - bx * .45).toFixed(1)}Z`;
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

// What the signs of the picture mean, each beside its sign.
function keys(parent, content, note) {
  const list = node(parent, "ul", { class: "descent-keys" }), [c1, c2] = content.colors;
  const key = (text, ...signs) => {
    const item = node(list, "li"), svg = node(item, "svg", { viewBox: "0 0 22 16", "aria-hidden": "true" });
    for (const [name, attributes] of signs) node(svg, name, attributes);
    node(item, "span", {}, text);
  };
  key("start", ["rect", { x: 7, y: 4, width: 8, height: 8, ...stroke("currentColor", 1.5) }]);
  key("the step shown", ["circle", { cx: 11, cy: 8, r: 4.5, fill: c1, stroke: "currentColor" }]);
  key(content.minima[0].length > 1 ? "minima" : "minimum", ["path", { d: "M6,8h10M11,3v10", ...stroke("currentColor", 1.6) }]);
  if (content.memory) {
    key(`${content.lr ? "−lr × " : "−"}${content.memory}: the push of the rule's memory`,
      ["path", { d: "M1,8H15", ...stroke(c2, 2.4) }], ["path", { d: tip(21, 8, 1, 0, 9), fill: c2 }]);
  }
  if (content.looks.length) {
    key("where the next step looks", ["circle", { cx: 11, cy: 8, r: 4, ...stroke(c2, 1.8) }]);
    key("where it goes", ["circle", { cx: 11, cy: 8, r: 4, fill: c2 }]);
    key("its search line", ["path", { d: "M1,8H21", ...stroke(c2, 1.4, { "stroke-dasharray": "4 3" }) }]);
  }
  if (content.ellipses.length) {
    key("level line of its model, around the model's minimum", ["ellipse", { cx: 11, cy: 8, rx: 9, ry: 5, ...stroke("currentColor", 1.4, { "stroke-dasharray": "2 3" }) }]);
  }
  key("left the picture", ["path", { d: "M6,3l10,10m0,-10l-10,10", ...stroke(c2, 2.4) }]);
  node(list, "li", {}, note);
}

// Two bars, for x and y, under each name, on one logarithmic axis; returns what sets them.
function barPanel(parent, names, [c1, c2]) {
  const high = 34 + 50 * names.length, low = high - 26;
  const svg = node(node(parent, "div", { class: "descent-panel" }), "svg", { viewBox: `0 0 ${W} ${high}`, role: "img" });
  const scale = node(svg, "g");
  const rows = names.flatMap((name, k) => ["x", "y"].map((axis, i) => {
    const y = 20 + 50 * k + 16 * i;
    if (i === 0) node(svg, "text", { x: BOX.left, y: y - 6 }, name);
    node(svg, "text", { x: BOX.left - 8, y: y + 11, "text-anchor": "end" }, axis);
    return { bar: node(svg, "rect", { x: BOX.left, y: y + 1, height: 12, width: 0, fill: i ? c2 : c1 }), text: node(svg, "text", { y: y + 11 }), axis, name };
  }));
  let left = -1, right = 1;
  const place = (d) => BOX.left + (WIDE - 40) * Math.min(1, Math.max(0, (d - left) / (right - left)));
  const set = (decade) => {
    const said = rows.map(({ bar, text, axis, name }, k) => {
      const end = place(decade(k));
      bar.setAttribute("width", (end - BOX.left).toFixed(1));
      text.setAttribute("x", (end + 5).toFixed(1));
      text.textContent = short(10 ** decade(k));
      return `${name} in ${axis}: ${text.textContent}`;
    });
    svg.setAttribute("aria-label", `${said.join("; ")}.`);
  };
  set.range = (values, decades) => {         // the axis: from the lowest of all settings to the highest
    const sorted = Float64Array.from(values, (v) => v / decades).sort();
    left = Math.floor(sorted[Math.floor(sorted.length * .01)]) - 1;
    right = Math.max(left + 2, Math.ceil(sorted[Math.floor(sorted.length * .99)]));
    scale.replaceChildren();
    node(scale, "path", { d: `M${BOX.left},${low}H${BOX.right - 40}`, ...stroke("currentColor", 1) });
    for (const d of ticks(left, right, 5).filter(Number.isInteger)) {
      node(scale, "path", { d: `M${place(d).toFixed(1)},${low}v4`, ...stroke("currentColor", 1) });
      node(scale, "text", { x: place(d), y: low + 17, "text-anchor": "middle" }, power(d));
    }
  };
  return set;
}

async function render({ model, el }) {
  let content = model.get("content"), runs = null, loads = 0;
  const { steps, controls } = content, length = steps + 1;
  const [c1, c2] = content.colors, [[x0, x1], [y0, y1]] = content.window;
  const X = (x) => BOX.left + WIDE * (x - x0) / (x1 - x0);
  const Y = (y) => BOX.bottom - HIGH * (y - y0) / (y1 - y0);
  const perX = WIDE / content.fine, perY = HIGH / content.fine;
  const midX = BOX.left + WIDE / 2, midY = BOX.top + HIGH / 2;
  let choice = [...model.get("choice")], step = model.get("step");

  const own = ready(el, c1);

  // Controls.
  const panel = node(el, "div", { class: "descent-controls" });
  const shows = controls.map(({ name, labels, menu }, i) => control(panel, own, name, labels, menu, (k) => {
    choice[i] = k;
    settle();
    model.set("choice", [...choice]);
    model.save_changes();
  }));
  const showStep = control(panel, own, "step", Array.from({ length }, (_, t) => String(t)), false, (t) => {
    step = t;
    walk();
    model.set("step", step);
    model.save_changes();
  }, "descent-walk");

  // Pictures: made once, later only their attributes change.
  const pictures = node(el, "div", { class: "descent-pictures" });
  const mapPanel = node(pictures, "div", { class: "descent-panel" });
  const map = node(mapPanel, "svg", { viewBox: `0 0 ${W} ${H}`, role: "img" });
  const inside = clip(map, `${own}-map`);
  const crosses = content.minima.map((points) => points.map(([x, y]) => [X(x), Y(y)]));
  const grounds = content.contours.map((levels, k) => ground(inside, levels, crosses[k]));
  const future = node(inside, "path", stroke(c1, 1.4, { "stroke-opacity": .65 }));
  const past = node(inside, "path", stroke(c1, 1.8));
  const dots = node(inside, "path", stroke(c1, steps > 100 ? 3.4 : 4.4, { class: "descent-dots" }));
  const shaft = node(inside, "path", stroke(c2, 2.4));
  const head = node(inside, "path", { fill: c2 });
  const modelLine = node(inside, "path", stroke("currentColor", 1.4, { "stroke-dasharray": "2 3" }));
  const line = node(inside, "path", stroke(c2, 1.4, { "stroke-dasharray": "4 3" }));
  const looked = node(inside, "path", stroke(c2, 1.8));
  const taken = node(inside, "path", { fill: c2 });
  const begin = node(inside, "rect", { width: 8, height: 8, ...stroke("currentColor", 1.6) });
  const here = node(inside, "circle", { r: 4.5, fill: c1, stroke: "currentColor" });
  axes(map, ticks(x0, x1, 6).map((x) => [X(x), minus(x)]), ticks(y0, y1, 5).map((y) => [Y(y), minus(y)]), "x", "y");
  const exit = node(map, "path", stroke(c2, 2.6));

  const graph = node(node(pictures, "div", { class: "descent-panel" }), "svg", { viewBox: `0 0 ${W} ${H}`, role: "img" });
  const scale = node(graph, "g");
  const percent = node(graph, "path", stroke("currentColor", 1, { "stroke-dasharray": "4 3", "stroke-opacity": .6 }));
  const percentName = node(graph, "text", { x: BOX.right, "text-anchor": "end" }, "1\u00a0% of the first");
  const curve = node(clip(graph, `${own}-graph`), "path", stroke(c1, 1.8));
  const gone = node(graph, "path", stroke(c2, 2.6));
  const goneName = node(graph, "text", { y: BOX.top + 26 });
  const now = node(graph, "circle", { r: 4.5, fill: c1, stroke: "currentColor" });
  const nowName = node(graph, "text");
  let top = 0, bottom = -1;                  // decades of loss at the upper and lower edge
  const T = (t) => BOX.left + WIDE * t / steps;
  const D = (d) => BOX.top + HIGH * (top - d) / (top - bottom);
  const shown = (d) => Math.min(BOX.bottom, Math.max(BOX.top, D(d)));

  const setBars = content.bars.length ? barPanel(pictures, content.bars, content.colors) : null;

  keys(el, content, model.get("live")
    ? "To move the start, drag in the map, or focus the map and use the arrow keys."
    : "The start is fixed here; in a notebook that has run this cell you can drag it.");
  const say = announcer(el);

  // The run of the chosen setting: in pixels on the map, in decades of loss.
  const xs = new Float64Array(length), ys = new Float64Array(length), loss = new Float64Array(length);
  let last = steps, left = false, place = 0, row = 0;   // `last`: the last step drawn
  const at = (channel, t) => runs[(channel * content.left.length + row) * length + t];

  function settle() {                        // a control has moved: another run
    row = controls.reduce((k, { labels }, i) => k * labels.length + choice[i], 0);
    place = controls.reduce((k, { surface, labels }, i) => surface ? k * labels.length + choice[i] : k, 0);
    left = content.left[row] < length;
    last = Math.min(steps, content.left[row]);
    let d = "";
    for (let t = 0; t <= last; t++) {
      xs[t] = midX + at(0, t) * perX;
      ys[t] = midY - at(1, t) * perY;
      loss[t] = at(2, t) / content.decades;
      d += `${t ? "L" : "M"}${T(t).toFixed(1)},${D(loss[t]).toFixed(1)}`;
    }
    curve.setAttribute("d", d);
    const threshold = shown(loss[0] - 2);
    percent.setAttribute("d", `M${BOX.left},${threshold.toFixed(1)}H${BOX.right}`);
    percentName.setAttribute("y", threshold - 5);
    grounds.forEach((group, k) => group.setAttribute("display", k === place ? "inline" : "none"));
    begin.setAttribute("x", xs[0] - 4);
    begin.setAttribute("y", ys[0] - 4);
    drawExit();
    shows.forEach((show, i) => show(choice[i]));
    tell();
    walk();
  }

  function drawExit() {                      // where a run that diverges leaves map and graph
    const cross = (x, y) => `M${x - 5},${y - 5}l10,10m0,-10l-10,10`;
    let point = null;
    for (let t = last; left && t > 0 && !point; t--) point = leaves(xs[t - 1], ys[t - 1], xs[t], ys[t]);
    exit.setAttribute("d", point ? cross(...point) : "");
    gone.setAttribute("d", left ? cross(T(last), shown(loss[last])) : "");
    goneName.textContent = left ? `left at step ${last}` : "";
    const room = last < .6 * steps;
    goneName.setAttribute("x", T(last) + (room ? 12 : -12));
    goneName.setAttribute("text-anchor", room ? "start" : "end");
  }

  function walk() {                          // the step has moved, or the run
    const t1 = Math.min(step, last);
    let before = "", points = "", after = "";
    for (let t = 0; t <= last; t++) {
      const p = `${xs[t].toFixed(1)},${ys[t].toFixed(1)}`;
      if (t <= t1) { before += (t ? "L" : "M") + p; points += `M${p}h0`; }
      if (t >= t1) after += (t > t1 ? "L" : "M") + p;
    }
    past.setAttribute("d", before);
    dots.setAttribute("d", points);
    future.setAttribute("d", after);
    const x = xs[t1], y = ys[t1], tx = T(t1), ty = shown(loss[t1]);
    for (const [circle, cx, cy] of [[here, x, y], [now, tx, ty]]) {
      circle.setAttribute("cx", cx.toFixed(1));
      circle.setAttribute("cy", cy.toFixed(1));
    }
    nowName.textContent = left && t1 === last ? "" : amount(loss[t1]);
    nowName.setAttribute("x", t1 < .75 * steps ? tx + 8 : tx - 8);
    nowName.setAttribute("y", Math.max(BOX.top + 10, ty - 8));
    nowName.setAttribute("text-anchor", t1 < .75 * steps ? "start" : "end");
    const u = content.memory ? at(3, t1) * perX * content.coarse : 0;
    const v = content.memory ? -at(4, t1) * perY * content.coarse : 0;
    const size = Math.hypot(u, v), long = Math.min(9, size), ends = size > 2;
    shaft.setAttribute("d", ends ? `M${x.toFixed(1)},${y.toFixed(1)}l${(u * (1 - .8 * long / size)).toFixed(1)},${(v * (1 - .8 * long / size)).toFixed(1)}` : "");
    head.setAttribute("d", ends ? tip(x + u, y + v, u, v, long) : "");
    drawSearch(t1);
    if (setBars) setBars((k) => at(3 + k, t1) / content.decades);
    const point = [x0 + (x - BOX.left) / WIDE * (x1 - x0), y0 + (BOX.bottom - y) / HIGH * (y1 - y0)];
    showStep(step, `${step}${step > last ? `, stopped at ${last}` : ""}: loss ${amount(loss[t1])} at ${pair(point, 2)}`);
  }

  // What the next step sees: its quadratic model, its search line, each look and the one taken.
  function drawSearch(t) {
    const pixels = (numbers) => {
      const points = [];
      for (let i = 0; i < numbers.length; i += 2) points.push([midX + numbers[i] * perX, midY - numbers[i + 1] * perY]);
      return points;
    };
    const ring = ([x, y]) => `M${(x - 3.6).toFixed(1)},${y.toFixed(1)}a3.6,3.6 0 1 0 7.2,0a3.6,3.6 0 1 0 -7.2,0`;
    const seen = t < last ? pixels(content.looks[row]?.[t] ?? []) : [];
    const went = seen.findIndex(([x, y]) => Math.hypot(x - xs[t + 1], y - ys[t + 1]) < 1);
    line.setAttribute("d", seen.map(([x, y]) => `M${xs[t].toFixed(1)},${ys[t].toFixed(1)}L${x.toFixed(1)},${y.toFixed(1)}`).join(""));
    looked.setAttribute("d", seen.filter((_, k) => k !== went).map(ring).join(""));
    taken.setAttribute("d", seen.filter((_, k) => k === went).map(ring).join(""));
    const [centre, a, b] = t < last ? pixels(content.ellipses[row]?.[t] ?? []) : [];
    let d = "";
    for (let k = 0; centre && k <= 90; k++) {
      const c = Math.cos(k * Math.PI / 45), s = Math.sin(k * Math.PI / 45);
      d += `${k ? "L" : "M"}${[0, 1].map((i) => (centre[i] + c * (a[i] - centre[i]) + s * (b[i] - centre[i])).toFixed(1)).join(",")}`;
    }
    modelLine.setAttribute("d", centre ? `${d}M${centre[0] - 3},${centre[1]}h6M${centre[0]},${centre[1] - 3}v6` : "");
  }

  function tell() {
    const names = controls.map(({ name, labels }, i) => `${name.replaceAll("_", " ")} ${labels[choice[i]]}`).join(", ");
    let text = `${names}: `;
    if (left) {
      text += `it diverges and leaves the picture at step ${last}, with a loss of ${amount(loss[last])}.`;
    } else {
      const below = loss.findIndex((d) => d <= loss[0] - 2);
      text += `the loss ${loss[steps] < loss[0] ? "falls" : "grows"} from ${amount(loss[0])} to ${amount(loss[steps])} in ${steps} steps; `
        + (below < 0 ? `it is never below 1\u00a0% of the first.` : `it is first below 1\u00a0% of the first at step ${below}.`);
      if (content.looks.length) {            // each look, and the one at the start
        const count = (t) => content.looks[row].slice(0, t).reduce((sum, seen) => sum + seen.length / 2, 1);
        text += ` It looks at ${count(steps)} points${below < 0 ? "" : `, ${count(below)} of them until then`}.`;
      }
      if (crosses[place].length > 1) {
        const k = crosses[place].findIndex(([x, y]) => Math.hypot(x - xs[steps], y - ys[steps]) < 12);
        text += k < 0 ? " It ends near none of the minima." : ` It ends near the minimum at ${pair(content.minima[place][k], 1)}.`;
      }
    }
    say(text);
    map.setAttribute("aria-label", `Contour lines of the ${content.surfaces[place]} surface and the path of ${content.rule} on them. ${text}`);
    graph.setAttribute("aria-label", `The loss above the lowest against the step, on a logarithmic axis. ${text}`);
  }

  async function load() {                    // another table: at first, and when the start has moved
    const mine = ++loads, fresh = model.get("content"), table = await unpackRuns(fresh);
    if (mine !== loads) return;              // a later one has overtaken it
    content = fresh;
    runs = table;
    const losses = runs.subarray(2 * content.left.length * length, 3 * content.left.length * length);
    let first = -Infinity, lowest = Infinity;
    losses.forEach((d, i) => {
      lowest = Math.min(lowest, d / content.decades);
      if (i % length === 0) first = Math.max(first, d / content.decades);
    });
    if (setBars) setBars.range(runs.subarray(3 * content.left.length * length), content.decades);
    top = Math.floor(first) + 2;
    bottom = Math.max(top - DECADES, Math.min(top - 4, Math.floor(lowest)));
    scale.replaceChildren();
    axes(scale, ticks(0, steps, 6).map((t) => [T(t), t]),
      ticks(bottom, top, 6).filter(Number.isInteger).map((d) => [D(d), power(d)]), "step", "loss above the lowest");
    settle();
  }

  if (model.get("live")) startMoves({ model, map, panel: mapPanel, begin, window: content.window });
  const follow = () => {                     // the kernel, or another view, has chosen
    const chosen = model.get("choice");
    if (String(chosen) !== String(choice)) { choice = [...chosen]; settle(); }
    if (model.get("step") !== step) { step = model.get("step"); walk(); }
  };
  const leave = subscribe(model, { content: load, choice: follow, step: follow });
  await load();
  return leave;
}

// In Jupyter: move the start with the pointer or the arrow keys; the kernel computes the runs anew.
function startMoves({ model, map, panel, begin, window: [[x0, x1], [y0, y1]] }) {
  const name = () => panel.setAttribute("aria-label", `Start of the path, at ${pair(model.get("start"), 2)}; arrow keys move it`);
  const move = (x, y) => {
    const start = [Math.min(x1, Math.max(x0, x)), Math.min(y1, Math.max(y0, y))].map((v) => +v.toFixed(3));
    begin.setAttribute("x", BOX.left + WIDE * (start[0] - x0) / (x1 - x0) - 4);
    begin.setAttribute("y", BOX.bottom - HIGH * (start[1] - y0) / (y1 - y0) - 4);
    model.set("start", start);
    model.save_changes();
    name();
  };
  const drag = (event) => {
    const box = map.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * W, y = (event.clientY - box.top) / box.height * H;
    move(x0 + (x - BOX.left) / WIDE * (x1 - x0), y0 + (BOX.bottom - y) / HIGH * (y1 - y0));
  };
  map.classList.add("descent-live");
  map.addEventListener("pointerdown", (event) => { map.setPointerCapture(event.pointerId); drag(event); });
  map.addEventListener("pointermove", (event) => { if (event.buttons & 1) drag(event); });
  panel.setAttribute("tabindex", 0);
  panel.setAttribute("role", "application");
  panel.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!way) return;
    event.preventDefault();
    const [x, y] = model.get("start");
    move(x + way[0] * (x1 - x0) / 50, y + way[1] * (y1 - y0) / 50);
  });
  name();
}

export default { render };
