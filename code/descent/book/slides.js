// Turns a deck's slides: one at a time, each as large as its place allows; the rest is the page.

(() => {
  const HELP = `<h2>Keys</h2><dl>
    <dt>→ ↓ Space Page Down</dt><dd>next slide</dd><dt>← ↑ Shift + Space Page Up</dt><dd>the one before</dd>
    <dt>Home, End</dt><dd>the first, the last</dd><dt>N</dt><dd>notes</dd><dt>F</dt><dd>full screen</dd>
    <dt>D</dt><dd>dark or light</dd><dt>Tab</dt><dd>into a picture that moves: there the keys are its own</dd>
    <dt>Escape</dt><dd>back from there to the slides; out of this help</dd></dl><button autofocus>Close</button>`;
  const LARGEST = 2.2;
  const root = document.documentElement;
  const slides = [...document.querySelectorAll(".slide")];
  let now = 0;

  const add = (parent, tag, given) => parent.appendChild(Object.assign(document.createElement(tag), given));
  const said = add(document.body, "p", { className: "said" });
  said.setAttribute("role", "status");
  const bar = add(document.body, "nav", { className: "bar" });
  bar.setAttribute("aria-label", "Slides");
  const button = (words, title, action) => {
    const made = add(bar, "button", { type: "button", textContent: words, title });
    made.setAttribute("aria-label", title);
    made.addEventListener("click", action);
    return made;
  };
  const back = button("‹", "Slide before", () => turn(now - 1));
  const count = add(bar, "span", { className: "count" });
  count.setAttribute("aria-hidden", "true");
  const on = button("›", "Next slide", () => turn(now + 1));
  const notes = button("Notes", "Notes (N)", tell);
  button("◐", "Dark or light (D)", shade);
  button("Full screen", "Full screen (F)", fill);
  button("?", "Help (?)", () => help.showModal());
  const help = add(document.body, "dialog", { innerHTML: HELP });
  help.querySelector("button").addEventListener("click", () => help.close());

  // Enlarges, or lessens, what a slide shows until it fills its place.
  function fit(slide) {
    const shown = slide.querySelector(".shown");
    if (!shown) return;
    const { clientWidth, clientHeight } = slide;
    if (!clientWidth) return;
    const head = slide.querySelector(".kicker").offsetHeight;
    const aside = slide.querySelector(".notes").offsetHeight;
    const { paddingTop, paddingBottom, paddingLeft } = getComputedStyle(slide);
    shown.style.zoom = 1;
    const wide = (clientWidth - 2 * parseFloat(paddingLeft)) / Math.max(1, shown.scrollWidth);
    const room = clientHeight - parseFloat(paddingTop) - parseFloat(paddingBottom) - head - aside - 16;
    const high = room / Math.max(1, shown.scrollHeight);
    shown.style.zoom = Math.max(0.3, Math.min(wide, high, LARGEST));
  }

  function turn(to, kept = false) {
    now = Math.max(0, Math.min(to, slides.length - 1));
    slides.forEach((slide, k) => { slide.hidden = k !== now; });
    const title = slides[now].getAttribute("aria-label");
    said.textContent = `Slide ${now + 1} of ${slides.length}: ${title}`;
    count.textContent = `${now + 1} / ${slides.length}`;
    back.disabled = now === 0;
    on.disabled = now === slides.length - 1;
    if (!kept) history.replaceState(null, "", `#${slides[now].id}`);
    fit(slides[now]);
  }

  // Goes to the slide of the address: its own, or the one that holds what is named.
  function follow() {
    const there = document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest(".slide");
    turn(there ? slides.indexOf(there) : now, Boolean(there));
  }

  function tell() {
    notes.setAttribute("aria-pressed", String(root.classList.toggle("with-notes")));
    fit(slides[now]);
  }

  function shade() {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
  }

  function fill() {
    if (document.fullscreenElement) document.exitFullscreen();
    else root.requestFullscreen?.();
  }

  const next = () => turn(now + 1), before = () => turn(now - 1);
  const KEYS = {
    ArrowRight: next, ArrowDown: next, PageDown: next, ArrowLeft: before, ArrowUp: before, PageUp: before,
    Home: () => turn(0), End: () => turn(slides.length - 1),
    n: tell, f: fill, d: shade, "?": () => help.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (target.closest?.(".shown")) {          // its keys are its own
      if (key === "Escape") document.activeElement.blur();
      return;
    }
    if (key === " " && target.closest?.("button")) return;
    const action = key === " " ? (event.shiftKey ? before : next) : KEYS[key.length === 1 ? key.toLowerCase() : key];
    if (!action) return;
    event.preventDefault();
    action();
  });

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follows = () => { root.dataset.theme = dark.matches ? "dark" : "light"; };
  dark.addEventListener("change", follows);
  follows();
  addEventListener("hashchange", follow);
  addEventListener("resize", () => fit(slides[now]));
  // A widget comes when its slide does, and then has another size than its place had.
  const grown = new MutationObserver(() => fit(slides[now]));
  document.querySelectorAll(".descent-playground").forEach((place) => grown.observe(place, { attributeFilter: ["data-ready"] }));

  addEventListener("beforeprint", () => {
    root.classList.add("on-paper");
    slides.forEach((slide) => { slide.hidden = false; fit(slide); });
  });
  addEventListener("afterprint", () => {
    root.classList.remove("on-paper");
    turn(now, true);
  });

  const settle = async () => {                  // formulas are measured while they can be seen
    await globalThis.MathJax?.startup?.promise;
    await document.fonts.ready;
    root.classList.add("turning");
    follow();
    root.dataset.ready = "1";
  };
  if (document.readyState === "complete") settle();
  else addEventListener("load", settle);
})();
