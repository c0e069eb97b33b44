// Python: loaded on the first use of it, and one worker for all of a page, asked for one thing at a
// time. Nothing is loaded before; then it all comes in one script, since a page opened from a file
// may load a script and nothing else, and the worker is started from what that script holds.
globalThis.descentRunner = (() => {
  const PACKED = new URL("python.js", document.currentScript.src).href;
  const SECONDS = 5;            // that an answer may take
  const HEAVY = 600 * 2 ** 20;  // bytes beyond which Python is started anew before the next answer

  let parts, source, running, asked = 0, turn = Promise.resolve();

  function bytes(text) {  // a plain loop: `Uint8Array.from` takes half a second for all
    const letters = atob(text), made = new Uint8Array(letters.length);
    for (let at = 0; at < made.length; at++) made[at] = letters.charCodeAt(at);
    return made;
  }

  // Unzipped here: WebKit cannot read a Blob's stream in a worker of a page opened from a file.
  const unzip = async (text) => new Uint8Array(await new Response(
    new Blob([bytes(text)]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());

  async function load() {
    await new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = PACKED;
      script.addEventListener("load", done);
      script.addEventListener("error", () => {
        script.remove();
        failed(new Error("python.js, which belongs to this book, could not be read"));
      });
      document.head.append(script);
    });
    const packed = globalThis.descentPython;
    delete globalThis.descentPython;
    source = packed.worker;
    const names = { mjs: "pyodide.mjs", asm: "pyodide.asm.mjs", wasm: "pyodide.asm.wasm",
      stdlib: "python_stdlib.zip" };
    return {
      ...Object.fromEntries(await Promise.all(Object.entries(names).map(
        async ([key, name]) => [key, await unzip(packed[name])]))),
      files: bytes(packed.files),
    };
  }

  // Return a worker, ready: {ask, stop}. The bytes are copied for it, so that another can follow.
  async function launch() {
    parts ??= load().catch((error) => {
      parts = undefined;
      throw error;
    });
    const given = Object.fromEntries(Object.entries(await parts).map(([k, v]) => [k, v.slice()]));
    const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    let settle;
    worker.addEventListener("message", ({ data }) => settle(data));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      settle({ broken: event.message || "it stopped" });
    });
    const one = {
      ask(message, give = []) {
        return new Promise((done) => {
          settle = done;
          worker.postMessage(message, give);
        });
      },
      stop(why) {
        worker.terminate();
        if (running?.one === one) running = undefined;
        settle({ stopped: why });
      },
    };
    const said = await one.ask({ parts: given }, Object.values(given).map((part) => part.buffer));
    if (!said.ready) {
      worker.terminate();
      throw new Error(said.broken ?? "it stopped");
    }
    return one;
  }

  function start() {
    if (!running) {
      const mine = { ready: launch() };
      running = mine;
      mine.ready.then((one) => { mine.one = one; }, () => {
        if (running === mine) running = undefined;
      });
    }
    return running.ready;
  }

  // Ask Python, when it is there and free; `begun` hears of how to stop it.
  function ask(message, begun = () => {}) {
    asked += 1;
    const mine = turn.then(async () => {
      const one = await start();
      const late = setTimeout(() => one.stop("late"), SECONDS * 1000);
      begun(() => one.stop("asked"));
      const said = await one.ask(message);
      clearTimeout(late);
      if (said.broken || said.bytes > HEAVY) one.stop("spent");
      if (said.stopped || said.broken || said.bytes > HEAVY) start().catch(() => {});
      return said;
    });
    turn = mine.catch(() => {}).then(() => { asked -= 1; });
    return mine;
  }

  return { SECONDS, start, ask, started: () => Boolean(running?.one), busy: () => asked > 0 };
})();
