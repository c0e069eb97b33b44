// The playground, one module for two hosts: anywidget in Jupyter, a plain page without a kernel.
// The model gives `content` (names, contour lines, the table of runs), `choice`, `start`, `live`.

const SVG = "http://www.w3.org/2000/svg";
const W = 360, H = 270;                                       // each panel, in its own units
const BOX = { left: 54, right: 350, top: 10, bottom: 232 };   // where the data are drawn
const DOWN = 11, UP = 1;                                      // decades of loss shown around the first

const STYLE = `
.descent-playground { max-width: 46rem; margin: 1rem auto; color: var(--jp-content-font-color1, inherit); }
.descent-playground .descent-controls { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: .3rem 1.5rem; margin-bottom: .4rem; }
.descent-playground .descent-control { display: grid; grid-template-columns: 6.5rem 1fr 3.5rem; align-items: center; gap: .5rem; font-size: .95em; }
.descent-playground input, .descent-playground select { width: 100%; min-width: 0; margin: 0; accent-color: #2a7fc1; font: inherit; }
.descent-playground input { min-height: 24px; }
.descent-playground select { color: inherit; background: transparent; border: 1px solid currentColor; border-radius: 4px; padding: 2px; }
.descent-playground select option { color: #111; background: #fff; }
.descent-playground :focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
.descent-playground output { font-variant-numeric: tabular-nums; }
.descent-playground .descent-pictures { display: flex; flex-wrap: wrap; gap: 4px; justify-content: center; }
.descent-playground svg { flex: 1 1 300px; max-width: 430px; min-width: 0; height: auto; touch-action: pan-y; }
.descent-playground svg text { fill: currentColor; font-size: 12px; font-family: inherit; }
.descent-playground svg.descent-live { touch-action: none; cursor: crosshair; }
.descent-playground .descent-says { margin: .4rem 0 0; min-height: 3em; }
.descent-playground .descent-note { margin: .2rem 0 0; font-size: .85em; }
`;

let made = 0;

function node(parent, name, attributes = {}, text) {
  const made = parent.namespaceURI === SVG || name === "svg"
    ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

// Undo what Python packed: base64, deflate, bytes apart, differences along the steps.
async function unpack(text, length) {
  const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const count = bytes.length / 2, values = new Int16Array(count);
  for (let i = 0; i < count; i++) {
    const difference = bytes[i] | (bytes[count + i] << 8);
    values[i] = i % length ? values[i - 1] + difference : difference;
  }
  return values;
}

const short = (x) => x === 0 ? "0" : Math.abs(x) >= 1e4 || Math.abs(x) < 1e-3
  ? x.toExponential(1).replace("e-", "e−").replace("e+", "e") : String(+x.toPrecision(2));

function axes(svg, xTicks, yTicks, xName, yName) {
  const frame = node(svg, "g");
  node(frame, "path", { d: `M${BOX.left},${BOX.top}V${BOX.bottom}H${BOX.right}`, fill: "none", stroke: "currentColor", "stroke-width": .8 });
  for (const [at, label] of xTicks) node(frame, "text", { x: at, y: BOX.bottom + 15, "text-anchor": "middle" }, label);
  for (const [at, label] of yTicks) node(frame, "text", { x: BOX.left - 5, y: at + 4, "text-anchor": "end" }, label);
  node(frame, "text", { x: (BOX.left + BOX.right) / 2, y: BOX.bottom + 31, "text-anchor": "middle" }, xName);
  node(frame, "text", { x: 11, y: (BOX.top + BOX.bottom) / 2, "text-anchor": "middle", transform: `rotate(-90 11 ${(BOX.top + BOX.bottom) / 2})` }, yName);
}

const spread = (low, high, count) => {
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
  const ticks = [];
  for (let x = Math.ceil(low / step) * step; x <= high + 1e-9; x += step) ticks.push(+x.toFixed(6));
  return ticks;
};

async function render({ model, el }) {
  el.classList.add("descent-playground");
  const own = `descent-${++made}-${Math.random().toString(36).slice(2, 8)}`;
  let content = model.get("content"), runs = null, step = Math.ceil(content.steps / 15);
  const steps = content.steps, length = steps + 1;
  const [[x0, x1], [y0, y1]] = content.window;
  const X = (x) => BOX.left + (BOX.right - BOX.left) * (x - x0) / (x1 - x0);
  const Y = (y) => BOX.bottom - (BOX.bottom - BOX.top) * (y - y0) / (y1 - y0);
  const perX = (BOX.right - BOX.left) / content.fine, perY = (BOX.bottom - BOX.top) / content.fine;
  const midX = X((x0 + x1) / 2), midY = Y((y0 + y1) / 2);

  node(el, "style", {}, STYLE);
  // JupyterLab takes arrow keys that bubble out of an output.
  el.addEventListener("keydown", (event) => {
    if (/^(Arrow|Home|End|Page)/.test(event.key)) event.stopPropagation();
  });

  // Controls.
  const panel = node(el, "div", { class: "descent-controls" });
  const addControl = (name, make) => {
    const row = node(panel, "div", { class: "descent-control" });
    node(row, "label", { for: `${own}-${name}` }, name.replaceAll("_", " "));
    return make(row, `${own}-${name}`);
  };
  const choice = [...model.get("choice")];
  const inputs = content.controls.map((control, i) => addControl(control.name, (row, id) => {
    if (control.menu) {
      const select = node(row, "select", { id });
      control.labels.forEach((label, k) => node(select, "option", { value: k }, label));
      select.value = choice[i];
      select.addEventListener("input", () => { choice[i] = +select.value; settle(); });
      return { show() {} };
    }
    const slider = node(row, "input", { id, type: "range", min: 0, max: control.labels.length - 1, step: 1 });
    slider.value = choice[i];
    const output = node(row, "output", { for: id });
    slider.addEventListener("input", () => { choice[i] = +slider.value; settle(); });
    return { show() {
      output.textContent = control.labels[choice[i]];
      slider.setAttribute("aria-valuetext", control.labels[choice[i]]);
    } };
  }));
  const walker = addControl("step", (row, id) => {
    const slider = node(row, "input", { id, type: "range", min: 0, max: steps, step: 1 });
    slider.value = step;
    const output = node(row, "output", { for: id });
    slider.addEventListener("input", () => { step = +slider.value; draw(); });
    return { show() { output.textContent = step; } };
  });

  // Pictures: made once, later only their attributes change.
  const pictures = node(el, "div", { class: "descent-pictures" });
  const [c1, c2, c3] = content.colors;
  const map = node(pictures, "svg", { viewBox: `0 0 ${W} ${H}`, role: "img" });
  const clip = node(node(map, "clipPath", { id: `${own}-clip` }), "rect", { x: BOX.left, y: BOX.top, width: BOX.right - BOX.left, height: BOX.bottom - BOX.top });
  axes(map, spread(x0, x1, 5).map((x) => [X(x), short(x).replace("-", "−")]), spread(y0, y1, 5).map((y) => [Y(y), short(y).replace("-", "−")]), "x", "y");
  const inside = node(map, "g", { "clip-path": `url(#${own}-clip)` });
  const lines = node(inside, "path", { fill: "none", stroke: "currentColor", "stroke-opacity": .3, "stroke-width": .8 });
  const minima = node(inside, "path", { fill: "none", stroke: "currentColor", "stroke-width": 1.4 });
  const future = node(inside, "path", { fill: "none", stroke: c1, "stroke-width": 1.2, "stroke-opacity": .55 });
  const past = node(inside, "path", { fill: "none", stroke: c1, "stroke-width": 1.6 });
  const dots = node(inside, "path", { fill: "none", stroke: c1, "stroke-width": 4, "stroke-linecap": "round" });
  const arrow = node(inside, "path", { fill: "none", stroke: c2, "stroke-width": 2.4, "stroke-linejoin": "round" });
  const begin = node(inside, "rect", { width: 8, height: 8, fill: "none", stroke: "currentColor", "stroke-width": 1.5 });
  const here = node(inside, "circle", { r: 4.5, fill: c1, stroke: "currentColor", "stroke-width": 1 });

  const graph = node(pictures, "svg", { viewBox: `0 0 ${W} ${H}`, role: "img" });
  const scale = node(graph, "g");
  const T = (t) => BOX.left + (BOX.right - BOX.left) * t / steps;
  let top = 0;  // log10 of the loss at the upper edge
  const D = (d) => Math.min(BOX.bottom, Math.max(BOX.top, BOX.top + (BOX.bottom - BOX.top) * (top - d) / (UP + DOWN)));
  const curve = node(graph, "path", { fill: "none", stroke: c1, "stroke-width": 1.8 });
  const threshold = node(graph, "path", { fill: "none", stroke: "currentColor", "stroke-width": 1, "stroke-dasharray": "4 3", "stroke-opacity": .6 });
  const out = node(graph, "path", { fill: "none", stroke: c2, "stroke-width": 2.4 });
  const now = node(graph, "circle", { r: 4.5, fill: c1, stroke: "currentColor", "stroke-width": 1 });

  const says = node(el, "p", { role: "status", class: "descent-says" });
  const legend = content.memory
    ? `Square: start. Crosses: minima. Arrow: ${content.lr ? "−lr × " : "−"}${content.memory}, the rule's memory. Dashes: 1 % of the first loss.`
    : "Square: start. Crosses: minima. Dashes: 1 % of the first loss.";
  node(el, "p", { class: "descent-note" }, legend + (model.get("live")
    ? " Drag in the map, or press arrow keys on it, to move the start." : " The start is fixed on this page; in Jupyter you can drag it."));

  const drawn = content.contours.map((set) => set.map((line) => {
    let d = "";
    for (let i = 0; i < line.length; i += 2) {
      d += `${i ? "L" : "M"}${(BOX.left + (BOX.right - BOX.left) * line[i] / 1000).toFixed(1)},${(BOX.bottom - (BOX.bottom - BOX.top) * line[i + 1] / 1000).toFixed(1)}`;
    }
    return d;
  }).join(""));
  const crosses = content.minima.map((points) => points.map(([x, y]) =>
    `M${X(x) - 5},${Y(y)}h10M${X(x)},${Y(y) - 5}v10`).join(""));

  // Where a setting's run lies in the table, and which surface it is on.
  const sizes = content.controls.map((control) => control.labels.length);
  const setting = () => sizes.reduce((at, size, i) => at * size + choice[i], 0);
  const place = () => content.controls.reduce((at, control, i) =>
    control.surface ? at * sizes[i] + choice[i] : at, 0);

  const xs = new Float64Array(length), ys = new Float64Array(length);
  let valid = length, base = 0, onSurface = -1;

  function settle() {                       // a control has moved: another run
    const k = setting(), at = place();
    base = k * 5 * length;
    valid = Math.min(length, content.left[k]);   // steps before the run left the picture
    for (let t = 0; t < valid; t++) {
      xs[t] = midX + runs[base + t] * perX;
      ys[t] = midY - runs[base + length + t] * perY;
    }
    if (at !== onSurface) {
      onSurface = at;
      lines.setAttribute("d", drawn[at]);
      minima.setAttribute("d", crosses[at]);
    }
    let d = "";
    for (let t = 0; t < valid; t++) d += `${t ? "L" : "M"}${T(t).toFixed(1)},${D(loss(t)).toFixed(1)}`;
    curve.setAttribute("d", d);
    const gone = valid < length, x = T(valid - 1), y = D(loss(valid - 1));
    out.setAttribute("d", gone ? `M${x - 5},${y - 5}l10,10m0,-10l-10,10` : "");
    begin.setAttribute("x", xs[0] - 4);
    begin.setAttribute("y", ys[0] - 4);
    inputs.forEach((input) => input.show());
    tell(gone);
    draw();
    model.set("choice", [...choice]);
    model.save_changes();
  }

  const loss = (t) => runs[base + 2 * length + t] / content.decades;

  function draw() {                          // the step has moved, or the run
    const at = Math.min(step, valid - 1);
    let d = "", rest = "", points = "";
    for (let t = 0; t < valid; t++) {
      const p = `${xs[t].toFixed(1)},${ys[t].toFixed(1)}`;
      if (t <= at) { d += (t ? "L" : "M") + p; points += `M${p}h0`; }
      if (t >= at) rest += (t > at ? "L" : "M") + p;
    }
    past.setAttribute("d", d);
    dots.setAttribute("d", points);
    future.setAttribute("d", rest);
    for (const [circle, x, y] of [[here, xs[at], ys[at]], [now, T(at), D(loss(at))]]) {
      circle.setAttribute("cx", x.toFixed(1));
      circle.setAttribute("cy", y.toFixed(1));
    }
    const u = runs[base + 3 * length + at] * perX * 10, v = -runs[base + 4 * length + at] * perY * 10;
    const size = Math.hypot(u, v);
    if (size > 3) {
      const ex = xs[at] + u, ey = ys[at] + v, head = Math.min(8, size), bx = u / size * head, by = v / size * head;
      arrow.setAttribute("d", `M${xs[at].toFixed(1)},${ys[at].toFixed(1)}L${ex.toFixed(1)},${ey.toFixed(1)}M${(ex - bx - by / 2).toFixed(1)},${(ey - by + bx / 2).toFixed(1)}L${ex.toFixed(1)},${ey.toFixed(1)}L${(ex - bx + by / 2).toFixed(1)},${(ey - by - bx / 2).toFixed(1)}`);
    } else {
      arrow.setAttribute("d", "");
    }
    walker.show();
  }

  function tell(gone) {
    const names = content.controls.map((control, i) => `${control.name} ${control.labels[choice[i]]}`).join(", ");
    const first = 10 ** loss(0);
    let text;
    if (gone) {
      text = `${names}: it diverges and has left the picture at step ${valid}.`;
    } else {
      let reached = 0;
      while (reached < length && loss(reached) > loss(0) - 2) reached++;
      const last = 10 ** loss(steps);
      text = `${names}: the loss ${last < first ? "falls" : "grows"} from ${short(first)} to ${last < 1e-12 ? "less than 1e−12" : short(last)} in ${steps} steps; `
        + (reached < length ? `at step ${reached} it is first below 1 % of the start.` : "it is never below 1 % of the start.");
      const near = content.minima[place()].filter(([x, y]) => Math.hypot(X(x) - xs[steps], Y(y) - ys[steps]) < 12);
      if (content.minima[place()].length > 1) {
        text += near.length ? ` It ends at the minimum near (${near[0].map((x) => x.toFixed(1).replace("-", "−")).join(", ")}).` : " It ends at no minimum.";
      }
    }
    says.textContent = text;
    map.setAttribute("aria-label", `Contour lines of the ${content.surface} and the path of ${content.rule} on them. ${text}`);
    graph.setAttribute("aria-label", `Loss above the lowest over steps, on a logarithmic axis. ${text}`);
  }

  async function load() {
    content = model.get("content");
    runs = await unpack(content.table, length);
    const first = runs[2 * length] / content.decades;
    top = Math.ceil(first) + UP;
    scale.replaceChildren();
    const ticks = [];
    for (let d = top; d >= top - UP - DOWN; d -= 3) ticks.push([D(d), d === 0 ? "1" : `1e${d}`.replace("-", "−")]);
    axes(scale, spread(0, steps, 5).map((t) => [T(t), t]), ticks, "step", "loss above the lowest");
    threshold.setAttribute("d", `M${BOX.left},${D(first - 2)}H${BOX.right}`);
    settle();
  }

  if (model.get("live")) {                   // the kernel computes anew from where you drop the start
    map.classList.add("descent-live");
    const drag = (event) => {
      const box = map.getBoundingClientRect();
      const px = (event.clientX - box.left) / box.width * W, py = (event.clientY - box.top) / box.height * H;
      const x = x0 + (px - BOX.left) / (BOX.right - BOX.left) * (x1 - x0);
      const y = y0 + (BOX.bottom - py) / (BOX.bottom - BOX.top) * (y1 - y0);
      move(x, y);
    };
    const move = (x, y) => {
      if (x < x0 || x > x1 || y < y0 || y > y1) return;
      model.set("start", [+x.toFixed(3), +y.toFixed(3)]);
      model.save_changes();
    };
    map.addEventListener("pointerdown", (event) => { map.setPointerCapture(event.pointerId); drag(event); });
    map.addEventListener("pointermove", (event) => { if (event.buttons & 1) drag(event); });
    map.setAttribute("tabindex", 0);
    map.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (!by) return;
      event.preventDefault();
      const [x, y] = model.get("start");
      move(x + by[0] * (x1 - x0) / 50, y + by[1] * (y1 - y0) / 50);
    });
    model.on("change:content", load);
  }
  await load();
}

export default { render };
