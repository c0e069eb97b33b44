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

// What Python's `packed` packed: base64, deflate, bytes apart; the first `smooth` numbers are
// differences along rows of the given length, the rest are left to the caller.
async function unpack(table, length, smooth) {
  const packed = Uint8Array.from(atob(table), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const count = bytes.length / 2, values = new Int16Array(count);
  for (let i = 0; i < count; i++) {
    const number = bytes[i] | (bytes[count + i] << 8);
    values[i] = i < smooth && i % length ? values[i - 1] + number : number;
  }
  return values;
}

const minus = (text) => String(text).replaceAll("-", "−");

const short = (x) => minus(x === 0 ? "0" : Math.abs(x) >= 1e4 || Math.abs(x) < 1e-3
  ? x.toExponential(1).replace("e+", "e") : String(+x.toPrecision(2)));

const amount = (decade) => decade <= FLOOR ? `less than 1e−${-FLOOR}`
  : decade >= 99 ? "more than 1e99" : short(10 ** decade);

const power = (d) => d === 0 ? "1" : d === 1 ? "10"
  : "10" + String(d).replace(/./g, (c) => c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]);

const pair = ([x, y], digits) => minus(`(${x.toFixed(digits)}, ${y.toFixed(digits)})`);

function clip(svg, id) {
  node(node(svg, "clipPath", { id }), "rect", { x: BOX.left, y: BOX.top, width: WIDE, height: HIGH });
  return node(svg, "g", { "clip-path": `url(#${id})` });
}

function ticks(low, high, count) {
  const rough = (high - low) / count, ten = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * ten).find((s) => s >= rough);
  const found = [];
  for (let x = Math.ceil(low / step - 1e-9) * step; x <= high + 1e-9; x += step) found.push(+x.toFixed(6));
  return found;
}

function axes(svg, xTicks, yTicks, xName, yName) {
  let marks = `M${BOX.left},${BOX.top}V${BOX.bottom}H${BOX.right}`;
  for (const [at, label] of xTicks) {
    marks += `M${at},${BOX.bottom}v4`;
    node(svg, "text", { x: at, y: BOX.bottom + 17, "text-anchor": "middle" }, label);
  }
  for (const [at, label] of yTicks) {
    marks += `M${BOX.left},${at}h-4`;
    node(svg, "text", { x: BOX.left - 7, y: at + 4, "text-anchor": "end" }, label);
  }
  node(svg, "path", { d: marks, ...stroke("currentColor", .8) });
  const middle = (BOX.top + BOX.bottom) / 2;
  node(svg, "text", { x: (BOX.left + BOX.right) / 2, y: BOX.bottom + 34, "text-anchor": "middle" }, xName);
  node(svg, "text", { x: 10, y: middle, "text-anchor": "middle", transform: `rotate(-90 10 ${middle})` }, yName);
}

// A labelled slider, or a menu, over a list of values; returns what shows the k-th of them.
function control(panel, own, name, labels, menu, change, extra = "") {
  const row = node(panel, "div", { class: `descent-control ${extra}` }), id = `${own}-${name.replaceAll(" ", "-")}`;
  node(row, "label", { for: id }, name.replaceAll("_", " "));
  const input = menu ? node(row, "select", { id })
    : node(row, "input", { id, type: "range", min: 0, max: labels.length - 1, step: 1 });
  if (menu) labels.forEach((label, k) => node(input, "option", { value: k }, label));
  const output = menu ? null : node(row, "output", { for: id, "aria-live": "off" });
  input.addEventListener("input", () => change(+input.value));
  return (k, spoken = labels[k]) => {
    if (+input.value !== k) input.value = k;
    if (menu) return;
    output.textContent = labels[k];
    input.setAttribute("aria-valuetext", spoken);
  };
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

// Follows what the kernel, or another view, changes; returns what ends that, for a view that closes.
function subscribe(model, handlers) {
  const followed = Object.entries(handlers);
  for (const [name, f] of followed) model.on(`change:${name}`, f);
  return () => { for (const [name, f] of followed) model.off(`change:${name}`, f); };
}

// The element made ready for a widget: its class, colours and style; keys stay inside.
function ready(el, color) {
  el.classList.add("descent-playground");
  el.style.setProperty("--descent-line", color);
  node(el, "style", {}, STYLE);
  el.addEventListener("keydown", (event) => {  // JupyterLab takes arrow keys that bubble out
    if (/^(Arrow|Home|End|Page)/.test(event.key)) event.stopPropagation();
  });
  return el.id || `descent-${Math.random().toString(36).slice(2, 10)}`;
}

