// What a page runs for a widget, without a kernel: `state` is what the model holds, `source` the
// widget's module, which all widgets of its kind on the page share, `el` the place for it.
const modules = (globalThis.descentModules ??= new Map());
if (!modules.has(source)) {
  modules.set(source, import(URL.createObjectURL(new Blob([source], { type: "text/javascript" }))));
}
const listeners = {};
const model = {
  get: (key) => state[key],
  set: (key, value) => {
    state[key] = value;
    (listeners[`change:${key}`] ?? []).forEach((f) => f());
  },
  on: (event, f) => { (listeners[event] ??= []).push(f); },
  off() {}, save_changes() {}, send() {},
};
try {
  el.replaceChildren();
  await (await modules.get(source)).default.render({ model, el });
  el.dataset.ready = "1";
  el.dispatchEvent(new CustomEvent("descent-ready", { bubbles: true, detail: model }));
} catch (error) {
  el.textContent = `The playground could not be drawn: ${error.message}`;
  throw error;
}
