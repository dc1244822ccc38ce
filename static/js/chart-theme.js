// What every chart shares: colours from the tokens, the house's type, and amounts that may be hidden.
const NAMES = "ink ink-2 surface accent edge danger attention c-line c-area c-grid c-over c-home c-bills c-fun c-groceries c-health c-transport c-shopping c-childcare c-saving c-eating c-other";

// A token may be light-dark(…): the computed colour of an element that wears it is what it comes to.
function colours(host) {
  const probe = host.appendChild(document.createElement("i"));
  const found = {};
  for (const name of NAMES.split(" ")) {
    probe.style.color = `var(--${name})`;
    found[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return found;
}

const faded = (colour, part) => colour.replace("rgb(", "rgba(").replace(")", `, ${part})`);
const hidden = () => document.documentElement.dataset.amounts === "hidden";

// $2k on axes; whole units below a thousand.
function short(value, symbol) {
  const size = Math.abs(value);
  const text = size >= 1000 ? `${+(size / 1000).toFixed(1)}k` : `${+size.toFixed(0)}`;
  return `${value < 0 ? "−" : ""}${symbol}${text}`;
}

function dress(colour) {
  const { defaults } = window.Chart;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const font = { family: getComputedStyle(document.body).fontFamily, size: 13, weight: 420 };
  Object.assign(defaults, { responsive: true, maintainAspectRatio: false, locale: "en-US", color: colour["ink-2"] });
  Object.assign(defaults.font, font);
  defaults.animation = still ? false : { duration: 240, easing: "easeOutQuad" };
  defaults.plugins.legend.display = false;
  Object.assign(defaults.plugins.tooltip, {
    enabled: !hidden(), backgroundColor: colour.surface, borderColor: colour.edge, borderWidth: 1,
    titleColor: colour.ink, bodyColor: colour.ink, footerColor: colour["ink-2"], titleFont: { ...font, weight: 560 },
    bodyFont: font, footerFont: font, cornerRadius: 6, padding: 10, caretSize: 0, displayColors: false,
  });
}

globalThis.fcdash = { kinds: {}, colours, faded, hidden, short, dress };
