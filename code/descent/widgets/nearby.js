// A widget's numbers may weigh more than the rest of its page: they come when a reader comes near.
const places = document.querySelectorAll(".descent-playground[data-script]");
const load = (place) => {
  const source = place.dataset.script;
  if (!source) return;
  delete place.dataset.script;
  const script = document.createElement("script");
  script.src = source;
  script.addEventListener("error", () => { place.textContent = "The playground could not be loaded."; });
  document.head.append(script);
};
const near = new IntersectionObserver(
  (seen) => seen.filter((one) => one.isIntersecting).forEach((one) => load(one.target)),
  { rootMargin: "100% 0px" });
for (const place of places) near.observe(place);
addEventListener("beforeprint", () => places.forEach(load));
