// Draws every [data-chart] from its json_script block, and again when scheme, amounts or the page's parts change.
const { colours, dress, kinds } = globalThis.fcdash;
const drawn = new Map();

function follow(chart, urls, event, hits) {
  const at = hits[0]?.index;
  if (at === undefined || !urls?.[at]) return;
  // On touch the first tap shows what is there, the second opens it.
  if (event.native.pointerType === "touch" && chart.shown !== at) chart.shown = at;
  else location.assign(urls[at]);
}

function draw(box) {
  drawn.get(box)?.destroy();
  drawn.delete(box);
  const source = document.getElementById(box.dataset.source);
  const make = kinds[box.dataset.chart];
  if (!source || !make || !box.offsetParent || !window.Chart) return;
  const data = JSON.parse(source.textContent);
  const colour = colours(box);
  dress(colour);
  const config = make(data, colour);
  config.options.onClick = (event, hits, chart) => follow(chart, data.urls, event, hits);
  config.options.onHover = (event, hits) => box.classList.toggle("opens", Boolean(data.urls?.[hits[0]?.index]));
  drawn.set(box, new window.Chart(box.querySelector("canvas"), config));
}

const boxes = () => [...document.querySelectorAll("[data-chart]")];
const drawAll = () => boxes().forEach(draw);

function drawNew() {
  for (const [box, chart] of drawn) {
    if (box.isConnected) continue;
    chart.destroy();
    drawn.delete(box);
  }
  boxes().filter((box) => !drawn.has(box)).forEach(draw);
}

for (const query of ["(prefers-color-scheme: dark)", "(min-width: 45rem)"]) matchMedia(query).addEventListener("change", drawAll);
document.addEventListener("display", drawAll);
// A live part asks every two seconds: what is drawn stays as it is.
document.addEventListener("htmx:afterSettle", drawNew);
document.fonts.ready.then(drawAll);
