// The schedule designer. The model gives `content` (names, labels, the table of runs) and `choice`:
// the numbers of schedule, knob and peak of the first setting, then of the second.

const SIDES = ["schedule 1", "schedule 2"];
const SPAN = [-4, 2];                        // decades of loss that the graph shows
const LOW = 0.8;                             // the least momentum that the graph shows
const DASHES = ["none", "6 3"], DOTTED = { "stroke-dasharray": "1.5 3" };
const DIVERGED = 1e6;                        // a loss above it

const CHOICE = {
  read: ([schedule1, knob1, peak1, schedule2, knob2, peak2]) => [
    { schedule: schedule1, knob: knob1, peak: peak1 }, { schedule: schedule2, knob: knob2, peak: peak2 }],
  write: (sides) => sides.flatMap(({ schedule, knob, peak }) => [schedule, knob, peak]),
};

async function render({ model, el }) {
  const content = model.get("content"), runs = await unpack(content.table);
  const { own, controls, pictures, key, say } = ready(el, content.colors[0]);
  const choice = choosing(model, CHOICE, settle);
  const change = (i, fresh) =>
    choice.change(choice.now.map((side, k) => k === i ? possible(content, { ...side, ...fresh }) : side));
  const shows = SIDES.map((_, i) => sideControls(controls, own, content, i, (fresh) => change(i, fresh)));
  const graph = rateGraph(pictures, own, content), losses = lossGraph(pictures, own, content);
  const momenta = momentumGraph(pictures, own, content);
  explain(key, content);

  function settle() {
    const sides = choice.now.map((setting) => chosenRun(content, runs, setting));
    shows.forEach((show, i) => show(choice.now[i]));
    graph.draw(sides);
    losses.draw(sides);
    momenta.draw(sides);
    const text = told(sides), { steps } = content;
    say(text);
    graph.svg.setAttribute("aria-label", `The two learning rates over ${steps} steps. ${text}`);
    losses.svg.setAttribute("aria-label", `The losses of both over ${steps} steps, on a logarithmic axis, with their noise floors. ${text}`);
    momenta.svg.setAttribute("aria-label", `The two momenta over ${steps} steps. ${text}`);
  }

  settle();
  return subscribe(model, { choice: choice.follow });
}

// A setting whose knob stands at one of its values: another schedule may have fewer.
const possible = ({ schedules }, { schedule, knob, peak }) =>
  ({ schedule, knob: Math.min(knob, schedules[schedule].labels.length - 1), peak });

// What sets one schedule; returns what shows a setting.
function sideControls(parent, own, { schedules, peaks }, i, change) {
  const group = node(parent, "div", { class: "descent-side", role: "group", "aria-label": `settings of ${SIDES[i]}` });
  const showSchedule = menu(group, own, SIDES[i], schedules.map(({ name }) => name), (schedule) => change({ schedule }));
  const showKnob = slider(group, own, `knob ${i}`, [], (knob) => change({ knob }));
  const showPeak = slider(group, own, `peak lr ${i + 1}`, peaks, (peak) => change({ peak }));
  return ({ schedule, knob, peak }) => {
    const { labels, knob: name } = schedules[schedule];
    showSchedule(schedule);
    showKnob(knob, { name: name || "no knob", labels, hidden: labels.length === 1 });
    showPeak(peak);
  };
}

// A setting by its words and numbers: lr, momentum, noise floor and the losses of each seed, as
// functions of the mark, which is every so many steps.
function chosenRun({ schedules, peaks, sizes, losses, fine, decades }, runs, { schedule, knob, peak }) {
  const rows = schedules.slice(0, schedule).reduce((sum, { labels }) => sum + labels.length, knob);
  const row = rows * peaks.length + peak, { name, knob: of, labels, momentum: moves } = schedules[schedule];
  const size = sizes[peak];
  return {
    words: `${name}${of ? `, ${of} ${labels[knob]}` : ""}, peak lr ${peaks[peak]}`, peak: size, moves,
    lr: (k) => runs.lr[row][k] / fine * size,
    momentum: (k) => runs.momentum[row][k] / fine,
    floor: (k) => runs.floor[row][k] / decades,
    losses: losses.map((seed) => (k) => runs[seed][row][k] / decades),
    marks: Array.from(runs.lr[row].keys()),
  };
}

// The steps along each picture: where a mark lies, and the ticks.
function timeAxis({ steps, every }) {
  const T = (k) => BOX.left + WIDE * k * every / steps;
  return { T, times: ticks(0, steps, 5).map((t) => [T(t / every), t]) };
}

// The two learning rates, on an axis that ends at the higher peak.
function rateGraph(parent, own, content) {
  const { T, times } = timeAxis(content), svg = panel(parent);
  const scale = node(svg, "g"), area = clip(svg, `${own}-lr`);
  const lines = SIDES.map((_, i) => node(area, "path", stroke(content.colors[i], 2, { "stroke-dasharray": DASHES[i] })));
  return { svg, draw: (sides) => {
    const most = Math.max(...sides.map(({ peak }) => peak));
    scale.replaceChildren();
    axes(scale, times, ticks(0, most, 4).map((y) => [BOX.bottom - HIGH * y / most / 1.04, short(y)]), "step", "lr");
    sides.forEach(({ lr, marks }, i) => {
      lines[i].setAttribute("d", through(marks.map((k) => [T(k), BOX.bottom - HIGH * lr(k) / most / 1.04])));
    });
  } };
}

// The losses of each seed, and the noise floors.
function lossGraph(parent, own, content) {
  const { T, times } = timeAxis(content), svg = panel(parent), area = clip(svg, `${own}-loss`);
  const D = (d) => BOX.top + HIGH * (SPAN[1] - clamped(d, ...SPAN)) / (SPAN[1] - SPAN[0]);
  axes(svg, times, ticks(...SPAN, 7).filter(Number.isInteger).map((d) => [D(d), power(d)]), "step", "loss");
  const floors = SIDES.map((_, i) => node(area, "path", stroke(content.colors[i], 1.6, DOTTED)));
  const lines = SIDES.map((_, i) => content.losses.map(() => node(area, "path",
    stroke(content.colors[i], 1.1, { "stroke-dasharray": DASHES[i], "stroke-opacity": .8 }))));
  return { svg, draw: (sides) => sides.forEach(({ floor, losses, marks }, i) => {
    floors[i].setAttribute("d", through(marks.map((k) => [T(k), D(floor(k))])));
    losses.forEach((loss, s) => lines[i][s].setAttribute("d", through(marks.map((k) => [T(k), D(loss(k))]))));
  }) };
}

// The two momenta, only where one of them moves.
function momentumGraph(parent, own, content) {
  const { T, times } = timeAxis(content), svg = panel(parent), area = clip(svg, `${own}-momentum`);
  const M = (m) => BOX.top + HIGH * (1 - m) / (1 - LOW);
  axes(svg, times, [.8, .85, .9, .95, 1].map((m) => [M(m), m]), "step", "momentum");
  const lines = SIDES.map((_, i) => node(area, "path", stroke(content.colors[i], 2, { "stroke-dasharray": DASHES[i] })));
  return { svg, draw: (sides) => {
    svg.parentNode.style.display = sides.some(({ moves }) => moves) ? "" : "none";
    sides.forEach(({ momentum, marks }, i) => {
      lines[i].setAttribute("d", through(marks.map((k) => [T(k), M(momentum(k))])));
    });
  } };
}

// What the lines mean, each beside its sign.
function explain(key, { colors: [c1, c2], losses }) {
  const line = (text, look) => key(text, ["path", { d: "M0,8H22", ...look }]);
  line(SIDES[0], stroke(c1, 2));
  line(SIDES[1], stroke(c2, 2, { "stroke-dasharray": DASHES[1] }));
  line("noise floor of the lr and momentum at that step", stroke("currentColor", 1.6, DOTTED));
  key(`Losses: ${losses.length} runs each, with the same noise.`);
}

// The picture in words: where both end, by the mean loss of the last tenth, over all seeds.
function told(sides) {
  const [a, b] = sides.map(({ losses, marks }) => {
    const last = marks.slice(Math.ceil(.9 * marks.length));
    const found = losses.flatMap((loss) => last.map((k) => 10 ** loss(k)));
    return found.reduce((sum, loss) => sum + loss, 0) / found.length;
  });
  const parts = [a, b].map((end, i) => `${SIDES[i]} (${sides[i].words}) ${
    end > DIVERGED ? "diverges" : `ends at a loss of ${short(end)}`}`);
  const factor = Math.max(a, b) / Math.min(a, b);
  const verdict = a > DIVERGED && b > DIVERGED ? "" : factor < 1.05 ? " They end alike."
    : ` Schedule ${a < b ? 1 : 2} ends lower${factor < 1e4 ? `, by a factor of ${short(factor)}` : ""}.`;
  return `${parts.join(", ")} (mean of the last tenth of the steps).${verdict}`.replace(/^s/, "S");
}

export default { render };
