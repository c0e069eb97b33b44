// What all widgets share. A widget's module is this file with its own behind it: one module for
// two hosts, anywidget in Jupyter and a plain page without a kernel.

const SVG = "http://www.w3.org/2000/svg";
const W = 360, H = 264;                                       // each panel, in its own units
const BOX = { left: 52, right: 346, top: 8, bottom: 224 };    // where the data are drawn
const WIDE = BOX.right - BOX.left, HIGH = BOX.bottom - BOX.top;
const DECADES = 11;                                           // of loss that the graph shows at most
const QUIET = 500;                                            // ms of rest before words are announced
const FLOOR = -12;                                            // decades below which a loss is rounding

const STYLE = `
.descent-playground { max-width: 46rem; margin: 1rem auto; color: var(--jp-content-font-color1, inherit); }
.descent-playground .descent-controls { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(16rem, 100%), 1fr)); gap: .3rem 2rem; margin-bottom: .6rem; }
.descent-playground .descent-control { display: grid; grid-template-columns: 6rem 1fr 3.5rem; align-items: center; gap: .6rem; font-size: .95em; }
.descent-playground .descent-side { display: flex; flex-direction: column; gap: .3rem; }
.descent-playground .descent-side label { line-height: 1.15; }
.descent-playground .descent-walk { grid-column: 1 / -1; }
.descent-playground input, .descent-playground select { width: 100%; min-width: 0; min-height: 26px; margin: 0; accent-color: var(--descent-line); font: inherit; }
.descent-playground input { cursor: pointer; }
.descent-playground select { color: inherit; background: transparent; border: 1px solid currentColor; border-radius: 4px; padding: 2px 4px; grid-column: 2 / -1; }
.descent-playground select option { color: #111; background: #fff; }
.descent-playground :focus-visible { outline: 2px solid currentColor; outline-offset: 2px; border-radius: 3px; }
.descent-playground output { font-variant-numeric: tabular-nums; }
.descent-playground .descent-pictures { display: flex; flex-wrap: wrap; gap: 6px; justify-content: center; }
.descent-playground .descent-panel { flex: 1 1 300px; max-width: 430px; min-width: 0; }
.descent-playground .descent-panel svg { display: block; width: 100%; height: auto; }
.descent-playground .descent-panel svg text { fill: currentColor; font-size: 12px; font-family: inherit; font-variant-numeric: tabular-nums; }
.descent-playground .descent-dots { stroke-linecap: round; }
.descent-playground .descent-live { touch-action: none; user-select: none; cursor: crosshair; }
.descent-playground .descent-says { margin: .5rem 0 0; min-height: 3em; }
.descent-playground .descent-keys { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; margin: .4rem 0 0; padding: 0; list-style: none; font-size: .85em; }
.descent-playground .descent-keys li { display: flex; align-items: center; gap: .4rem; margin: 0; }
.descent-playground .descent-keys svg { width: 22px; height: 16px; flex: none; }
`;

function node(parent, name, attributes = {}, text) {
  const drawn = name === "svg" || parent.namespaceURI === SVG;
  const made = drawn ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

const stroke = (color, width, more = {}) =>
  ({ fill: "none", stroke: color, "stroke-width": width, "stroke-linejoin": "round", ...more });

// What Python's `deflated` made text of, as a response to read from.
function inflated(text) {
  const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate")));
}

// The rows of each channel, by its name, that Python's `packed` packed: base64, deflate, bytes
// apart, and differences along each row but in the channels that are `plain`.
async function unpack({ channels, plain, length, numbers }) {
  const bytes = new Uint8Array(await inflated(numbers).arrayBuffer());
  const count = bytes.length / 2, size = count / channels.length;
  return Object.fromEntries(channels.map((name, k) => {
    const values = new Int16Array(size), summed = !plain.includes(name);
    for (let i = 0, at = k * size; i < size; i++, at++) {
      const number = bytes[at] | (bytes[count + at] << 8);
      values[i] = summed && i % length ? values[i - 1] + number : number;
    }
    const row = (_, i) => values.subarray(i * length, (i + 1) * length);
    return [name, Array.from({ length: size / length }, row)];
  }));
}

const minus = (text) => String(text).replaceAll("-", "−");

const short = (x) => minus(x === 0 ? "0" : Math.abs(x) >= 1e4 || Math.abs(x) < 1e-3
  ? x.toExponential(1).replace("e+", "e") : String(+x.toPrecision(2)));

const amount = (decade) => decade <= FLOOR ? `less than 1e−${-FLOOR}`
  : decade >= 99 ? "more than 1e99" : short(10 ** decade);

const power = (d) => d === 0 ? "1" : d === 1 ? "10"
  : "10" + String(d).replace(/./g, (c) => c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]);

const clamped = (x, low, high) => Math.min(high, Math.max(low, x));

const pair = ([x, y], digits) => minus(`(${x.toFixed(digits)}, ${y.toFixed(digits)})`);

function clip(svg, id, { left, right, top, bottom } = BOX) {
  node(node(svg, "clipPath", { id }), "rect", { x: left, y: top, width: right - left, height: bottom - top });
  return node(svg, "g", { "clip-path": `url(#${id})` });
}

function ticks(low, high, count) {
  const rough = (high - low) / count, ten = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * ten).find((s) => s >= rough);
  const found = [];
  for (let x = Math.ceil(low / step - 1e-9) * step; x <= high + 1e-9; x += step) found.push(+x.toFixed(6));
  return found;
}

// The axes of a box: ticks as pairs of a place and a label, slanted ones below x where the box says
// so, and how far below it the name of x stands.
function axes(svg, xTicks, yTicks, xName, yName, { left, right, top, bottom, slanted = false, foot = 34 } = BOX) {
  let marks = `M${left},${top}V${bottom}H${right}`;
  for (const [at, label] of xTicks) {
    marks += `M${at},${bottom}v4`;
    node(svg, "text", slanted ? { x: at + 4, y: bottom + 13, "text-anchor": "end", transform: `rotate(-40 ${at + 4} ${bottom + 13})` }
      : { x: at, y: bottom + 17, "text-anchor": "middle" }, label);
  }
  for (const [at, label] of yTicks) {
    marks += `M${left},${at}h-4`;
    node(svg, "text", { x: left - 7, y: at + 4, "text-anchor": "end" }, label);
  }
  node(svg, "path", { d: marks, ...stroke("currentColor", .8) });
  const middle = (top + bottom) / 2;
  node(svg, "text", { x: (left + right) / 2, y: bottom + foot, "text-anchor": "middle" }, xName);
  node(svg, "text", { x: 10, y: middle, "text-anchor": "middle", transform: `rotate(-90 10 ${middle})` }, yName);
}

// A line through points, as the `d` of a path.
const through = (points) => points.map(([x, y], k) => `${k ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("");

// The rim of an ellipse given by its centre and two points of it, a quarter of a turn apart.
const rim = (centre, a, b) => through(Array.from({ length: 91 }, (_, k) => {
  const c = Math.cos(k * Math.PI / 45), s = Math.sin(k * Math.PI / 45);
  return centre.map((middle, i) => middle + c * (a[i] - middle) + s * (b[i] - middle));
}));

// A triangle with its tip at (x, y), pointing along (u, v).
function tip(x, y, u, v, long) {
  const size = Math.hypot(u, v) || 1, bx = u / size * long, by = v / size * long;
  return `${through([[x, y], [x - bx - by * .45, y - by + bx * .45], [x - bx + by * .45, y - by - bx * .45]])}Z`;
}

// A text beside a point of a graph, on the right where there is room.
function beside(text, x, y, room, far) {
  text.setAttribute("x", x + (room ? far : -far));
  text.setAttribute("y", y);
  text.setAttribute("text-anchor", room ? "start" : "end");
}

const idOf = (own, name) => `${own}-${name.replaceAll(" ", "-")}`;

// A labelled slider over a list of values; returns what shows the k-th of them. Where these depend
// on another control, it may be told another name, other values, other words for the one chosen,
// and to hide.
function slider(parent, own, name, labels, change, extra = "") {
  const line = node(parent, "div", { class: `descent-control ${extra}` }), id = idOf(own, name);
  const title = node(line, "label", { for: id });
  const input = node(line, "input", { id, type: "range", min: 0, max: labels.length - 1, step: 1 });
  const output = node(line, "output", { for: id, "aria-live": "off" });
  input.addEventListener("input", () => change(+input.value));
  const first = { name: name.replaceAll("_", " "), labels, hidden: false };
  return (k, { spoken, ...fresh } = {}) => {
    const now = { ...first, ...fresh };
    line.style.display = now.hidden ? "none" : "";
    title.textContent = now.name;
    input.max = now.labels.length - 1;
    if (+input.value !== k) input.value = k;
    output.textContent = now.labels[k];
    input.setAttribute("aria-valuetext", spoken ?? now.labels[k]);
  };
}

// A labelled menu over a list of values; returns what shows the k-th of them.
function menu(parent, own, name, labels, change) {
  const line = node(parent, "div", { class: "descent-control" }), id = idOf(own, name);
  node(line, "label", { for: id }, name.replaceAll("_", " "));
  const input = node(line, "select", { id });
  labels.forEach((label, k) => node(input, "option", { value: k }, label));
  input.addEventListener("input", () => change(+input.value));
  return (k) => { if (+input.value !== k) input.value = k; };
}

// A picture in a panel of its own. It has a name from the first, until its widget says what it shows.
const panel = (parent, high = H, wide = W) =>
  node(node(parent, "div", { class: "descent-panel" }), "svg", {
    viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": "A picture that is being drawn.",
  });

// The list of what the signs mean; returns what adds a text beside its signs, and that what shows
// the text or hides it; `clear` empties the list.
function keyList(parent) {
  const list = node(parent, "ul", { class: "descent-keys" });
  const add = (text, ...signs) => {
    const item = node(list, "li");
    if (signs.length) {
      const svg = node(item, "svg", { viewBox: "0 0 22 16", "aria-hidden": "true" });
      for (const [name, attributes] of signs) node(svg, name, attributes);
    }
    node(item, "span", {}, text);
    return (is) => { item.style.display = is ? "" : "none"; };
  };
  add.clear = () => list.replaceChildren();
  return add;
}

// The line of text that says what the picture shows; returns what changes it. However fast a drag
// changes the words, they are announced once, when it rests.
function announcer(el) {
  const says = node(el, "p", { role: "status", class: "descent-says" });
  let rest;
  return (text) => {
    says.setAttribute("aria-busy", "true");
    clearTimeout(rest);
    rest = setTimeout(() => says.removeAttribute("aria-busy"), QUIET);
    says.textContent = text;
  };
}

// Tells the model, and by it the kernel and other views, what the reader has changed.
function save(model, name, value) {
  model.set(name, value);
  model.save_changes();
}

// Where the controls stand. The model keeps a list of numbers; `read` gives them names, `write`
// makes the list again. `settle` draws what is chosen `now`, whoever has changed it.
function choosing(model, { read, write }, settle) {
  const choice = {
    now: read(model.get("choice")),
    change(fresh) {                          // the reader
      choice.now = fresh;
      settle();
      save(model, "choice", write(fresh));
    },
    follow() {                               // the kernel, or another view
      const fresh = model.get("choice");
      if (String(fresh) === String(write(choice.now))) return;
      choice.now = read(fresh);
      settle();
    },
  };
  return choice;
}

// Follows what the kernel, or another view, changes; returns what ends that, for a view that closes.
function subscribe(model, handlers) {
  const followed = Object.entries(handlers);
  for (const [name, f] of followed) model.on(`change:${name}`, f);
  return () => { for (const [name, f] of followed) model.off(`change:${name}`, f); };
}

// The element made ready for a widget: its class, colours and style, keys that stay inside, and
// the parts that each widget has, in the order in which they are read.
function ready(el, color, style = "") {
  el.classList.add("descent-playground");
  el.style.setProperty("--descent-line", color);
  node(el, "style", {}, STYLE + style);
  el.addEventListener("keydown", (event) => {  // JupyterLab takes arrow keys that bubble out
    if (/^(Arrow|Home|End|Page)/.test(event.key)) event.stopPropagation();
  });
  return {
    own: el.id || `descent-${Math.random().toString(36).slice(2, 10)}`,
    controls: node(el, "div", { class: "descent-controls" }),
    pictures: node(el, "div", { class: "descent-pictures" }),
    key: keyList(el),
    say: announcer(el),
  };
}
