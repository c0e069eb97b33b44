// The schedule designer. The model gives `content` (names, labels, the table of runs) and `choice`:
// the numbers of schedule, knob and peak of the first setting, then of the second.

const SIDES = ["schedule 1", "schedule 2"];
const SPAN = [-4, 2];                        // decades of loss that the graph shows
const LOW = 0.8;                             // the least momentum that the graph shows

async function render({ model, el }) {
  const content = model.get("content"), { schedules, steps, every, seeds } = content;
  const length = steps / every + 1, [c1, c2] = content.colors;
  const own = ready(el, c1), colors = [c1, c2], dashes = ["none", "6 3"];
  const counts = schedules.map(({ labels }) => labels.length * content.peaks.length);
  const first = counts.map((_, i) => counts.slice(0, i).reduce((a, b) => a + b, 0));
  const total = counts.reduce((a, b) => a + b, 0);
  const values = await unpack(content.table, length, Infinity);
  let choice = [...model.get("choice")];

  const panel = node(el, "div", { class: "descent-controls" });
  const change = (place, k) => {
    choice[place] = k;
    if (place % 3 === 0) choice[place + 1] = Math.min(choice[place + 1], schedules[k].labels.length - 1);
    settle();
    model.set("choice", [...choice]);
    model.save_changes();
  };
  const shows = SIDES.map((side, i) => {
    const names = node(panel, "div", { class: "descent-side", role: "group", "aria-label": `settings of ${side}` });
    const menu = control(names, own, side, schedules.map(({ name }) => name), true, (k) => change(3 * i, k));
    const knob = slider(names, `${own}-knob-${i}`, (k) => change(3 * i + 1, k));
    const peak = control(names, own, `peak lr ${i + 1}`, content.peaks, false, (k) => change(3 * i + 2, k));
    return { menu, knob, peak };
  });

  const pictures = node(el, "div", { class: "descent-pictures" });
  const picture = () => node(node(pictures, "div", { class: "descent-panel" }), "svg", { viewBox: `0 0 ${W} ${H}`, role: "img" });
  const T = (k) => BOX.left + WIDE * k * every / steps;
  const D = (d) => BOX.top + HIGH * (SPAN[1] - Math.min(SPAN[1], Math.max(SPAN[0], d))) / (SPAN[1] - SPAN[0]);
  const times = ticks(0, steps, 5).map((t) => [T(t / every), t]);

  const graph = picture(), scale = node(graph, "g"), area = clip(graph, `${own}-lr`);
  const rates = SIDES.map((_, i) => node(area, "path", stroke(colors[i], 2, { "stroke-dasharray": dashes[i] })));
  const losses = picture(), inside = clip(losses, `${own}-loss`);
  axes(losses, times, ticks(...SPAN, 7).filter(Number.isInteger).map((d) => [D(d), power(d)]), "step", "loss");
  const floors = SIDES.map((_, i) => node(inside, "path", stroke(colors[i], 1.6, { "stroke-dasharray": "1.5 3" })));
  const runs = SIDES.map((_, i) => Array.from({ length: seeds }, () => node(inside, "path", stroke(colors[i], 1.1, { "stroke-dasharray": dashes[i], "stroke-opacity": .8 }))));
  const below = picture(), within = clip(below, `${own}-momentum`);
  const M = (m) => BOX.top + HIGH * (1 - m) / (1 - LOW);
  axes(below, times, [.8, .85, .9, .95, 1].map((m) => [M(m), m]), "step", "momentum");
  const memories = SIDES.map((_, i) => node(within, "path", stroke(colors[i], 2, { "stroke-dasharray": dashes[i] })));

  const list = node(el, "ul", { class: "descent-keys" });
  for (const [text, ...attributes] of [
    [SIDES[0], stroke(c1, 2)], [SIDES[1], stroke(c2, 2, { "stroke-dasharray": dashes[1] })],
    ["noise floor of the lr and momentum at that step", stroke("currentColor", 1.6, { "stroke-dasharray": "1.5 3" })]]) {
    const item = node(list, "li");
    node(node(item, "svg", { viewBox: "0 0 22 16", "aria-hidden": "true" }), "path", { d: "M0,8H22", ...attributes[0] });
    node(item, "span", {}, text);
  }
  node(list, "li", {}, `Losses: ${seeds} runs each, with the same noise.`);
  const say = announcer(el);

  const row = (i) => first[choice[3 * i]] + choice[3 * i + 1] * content.peaks.length + choice[3 * i + 2];
  const at = (channel, i, k) => values[(channel * total + row(i)) * length + k];
  const line = (x, y) => Array.from({ length }, (_, k) => `${k ? "L" : "M"}${x(k).toFixed(1)},${y(k).toFixed(1)}`).join("");

  function settle() {
    const peaks = SIDES.map((_, i) => content.sizes[choice[3 * i + 2]]), most = Math.max(...peaks);
    const lr = (i, k) => at(0, i, k) / content.fine * peaks[i];
    scale.replaceChildren();
    axes(scale, times, ticks(0, most, 4).map((y) => [BOX.bottom - HIGH * y / most / 1.04, short(y)]), "step", "lr");
    SIDES.forEach((_, i) => {
      const { labels, knob } = schedules[choice[3 * i]];
      shows[i].menu(choice[3 * i]);
      shows[i].knob(choice[3 * i + 1], labels, knob);
      shows[i].peak(choice[3 * i + 2]);
      rates[i].setAttribute("d", line(T, (k) => BOX.bottom - HIGH * lr(i, k) / most / 1.04));
      memories[i].setAttribute("d", line(T, (k) => M(at(1, i, k) / content.fine)));
      floors[i].setAttribute("d", line(T, (k) => D(at(2, i, k) / content.decades)));
      runs[i].forEach((path, s) => path.setAttribute("d", line(T, (k) => D(at(3 + s, i, k) / content.decades))));
    });
    const moves = SIDES.some((_, i) => schedules[choice[3 * i]].momentum);
    below.parentNode.style.display = moves ? "" : "none";
    tell();
  }

  function tell() {
    const ends = SIDES.map((_, i) => {       // the mean loss of the last tenth, over all seeds
      let sum = 0, count = 0;
      for (let s = 0; s < seeds; s++) for (let k = Math.ceil(.9 * length); k < length; k++, count++) sum += 10 ** (at(3 + s, i, k) / content.decades);
      return sum / count;
    });
    const parts = SIDES.map((side, i) => {
      const { name, knob, labels } = schedules[choice[3 * i]];
      const set = `${name}${knob ? `, ${knob} ${labels[choice[3 * i + 1]]}` : ""}, peak lr ${content.peaks[choice[3 * i + 2]]}`;
      return `${side} (${set}) ${ends[i] > 1e6 ? "diverges" : `ends at a loss of ${short(ends[i])}`}`;
    });
    const [a, b] = ends, factor = Math.max(a, b) / Math.min(a, b);
    const verdict = a > 1e6 && b > 1e6 ? "" : factor < 1.05 ? " They end alike."
      : ` Schedule ${a < b ? 1 : 2} ends lower${factor < 1e4 ? `, by a factor of ${short(factor)}` : ""}.`;
    const text = `${parts.join(", ")} (mean of the last tenth of the steps).${verdict}`.replace(/^s/, "S");
    say(text);
    graph.setAttribute("aria-label", `The two learning rates over ${steps} steps. ${text}`);
    losses.setAttribute("aria-label", `The losses of both over ${steps} steps, on a logarithmic axis, with their noise floors. ${text}`);
    below.setAttribute("aria-label", `The two momenta over ${steps} steps. ${text}`);
  }

  settle();
  return subscribe(model, { choice: () => {
    const chosen = model.get("choice");
    if (String(chosen) !== String(choice)) { choice = [...chosen]; settle(); }
  } });
}

// A slider whose name and values change with the schedule; hidden where it has one value only.
function slider(parent, id, change) {
  const place = node(parent, "div", { class: "descent-control" });
  const label = node(place, "label", { for: id });
  const input = node(place, "input", { id, type: "range", min: 0, step: 1 });
  const output = node(place, "output", { for: id, "aria-live": "off" });
  input.addEventListener("input", () => change(+input.value));
  return (k, labels, name) => {
    place.style.display = labels.length > 1 ? "" : "none";
    label.textContent = name || "no knob";
    input.max = labels.length - 1;
    input.value = k;
    output.textContent = labels[k];
    input.setAttribute("aria-valuetext", labels[k]);
  };
}

export default { render };
