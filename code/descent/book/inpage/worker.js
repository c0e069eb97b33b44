// The worker: Python, and the desk that judges answers. A classic worker made from a blob, which
// works from file:// in Chromium, Firefox and WebKit; so do modules only as data: URLs.

// Pyodide tells a classic worker, which it refuses, by trying this.
self.importScripts = () => { throw new Error("modules only"); };

// Pyodide asks `fetch` for its files. They are here already; nothing else is let out.
const NOWHERE = "https://x.invalid/";

function asURL(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) {
    text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  }
  return `data:text/javascript;base64,${btoa(text)}`;
}

let python, desk, changed;

async function start({ mjs, asm, wasm, stdlib, files }) {
  const answers = {
    [`${NOWHERE}pyodide.asm.wasm`]: [wasm, "application/wasm"],
    [`${NOWHERE}python_stdlib.zip`]: [stdlib, "application/zip"],
  };
  self.fetch = async (url) => {
    const found = answers[String(url)];
    if (!found) throw new Error(`a page asks nothing of a network: ${url}`);
    return new Response(found[0], { headers: { "content-type": found[1] } });
  };
  const { loadPyodide } = await import(asURL(mjs));
  const { default: createPyodideModule } = await import(asURL(asm));
  python = await loadPyodide({
    indexURL: NOWHERE,
    createPyodideModule,
    stdLibURL: `${NOWHERE}python_stdlib.zip`,
    checkAPIVersion: false,
    lockFileContents: {
      info: {
        abi_version: "2026_0", arch: "wasm32", platform: "emscripten_5_0_3", python: "3.14.2",
        version: "314.0.7",
      },
      packages: {},
    },
  });
  // So Python looks in here now and then: WebKit ends a worker only where JavaScript runs, and one
  // that is told to end amid a loop in Python would use up a core until its page is closed.
  python.setInterruptBuffer(new Uint8Array(1));
  python.FS.writeFile("/descent.zip", files);
  python.runPython("import sys; sys.path.insert(0, '/descent.zip')");
  desk = python.pyimport("descent.book.inpage.desk");
}

// The runs of a playground whose rule was changed, its numbers as arrays that need no copy more.
function runs({ cell, source, from, rows }) {
  changed ??= python.pyimport("descent.book.inpage.changed").changed;
  const made = changed(cell, source, python.toPy(from), ...rows);
  const said = made.toJs({ dict_converter: Object.fromEntries });
  made.destroy();
  return said;
}

// In bytes; Python never gives them back.
const kept = () => python._module.HEAPU8.length; // oxlint-disable-line no-underscore-dangle

self.addEventListener("message", async ({ data }) => {
  try {
    if (data.parts) {
      await start(data.parts);
      self.postMessage({ ready: true });
    } else if (data.hint) {
      self.postMessage({ hint: desk.hint(data.hint), bytes: kept() });
    } else if (data.rule) {
      self.postMessage({ ...runs(data.rule), bytes: kept() });
    } else {
      const said = desk.answer(python.toPy(data.names), data.source, python.toPy(data.functions));
      self.postMessage({ ...JSON.parse(said), bytes: kept() });
    }
  } catch (error) {
    self.postMessage({ broken: String(error?.message ?? error) });
  }
});
