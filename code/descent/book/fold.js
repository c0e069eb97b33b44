// Opens the folded sections that a reader is led into, and all of them by one button or for print.

(() => {
  const FOLDED = "details.descent-deeper";
  const folds = [...document.querySelectorAll(FOLDED)];
  const button = document.querySelector(".descent-lead button");

  // Opens whatever an element stands in, and the fold that it is itself the heading of.
  function reveal(element) {
    const own = element.querySelector(`:scope > ${FOLDED}`);
    if (own) own.open = true;
    for (let fold = element.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  }

  function follow() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    reveal(target);
    target.scrollIntoView();
  }

  const all = (open) => folds.forEach((fold) => { fold.open = open; });

  function name() {
    button.textContent = folds.every((fold) => fold.open) ? "Close all" : "Open all";
  }

  addEventListener("hashchange", follow);
  document.addEventListener("click", ({ target }) => {   // a second click on the same link
    const link = target.closest?.("a[href*='#']");
    if (link && link.href === location.href) follow();
  });

  button.hidden = false;
  button.addEventListener("click", () => all(!folds.every((fold) => fold.open)));
  folds.forEach((fold) => fold.addEventListener("toggle", name));

  let closed = [];                             // while the page is printed
  addEventListener("beforeprint", () => {
    closed = folds.filter((fold) => !fold.open);
    all(true);
  });
  addEventListener("afterprint", () => closed.forEach((fold) => { fold.open = false; }));

  // Where the browser does not search what is folded, it is opened before the search begins.
  addEventListener("keydown", ({ key, ctrlKey, metaKey }) => {
    const searches = key === "F3" || (key.toLowerCase() === "f" && (ctrlKey || metaKey));
    if (searches && !("onbeforematch" in document.body)) all(true);
  });

  addEventListener("load", () => {
    if (location.hash) follow();
    setTimeout(() => document.querySelectorAll("main .highlighted").forEach(reveal), 50);  // of the book's search
  });
})();
