/* Shows one screen at a time, says so, and keeps the keyboard inside. */

export { fill, say } from "./words.js";

const screens = [...document.querySelectorAll("[data-screen]")];
const back = document.getElementById("back");
const busy = document.getElementById("busy");
let goBack = null;

export function show(name, { backTo = null } = {}) {
  for (const screen of screens) screen.hidden = screen.dataset.screen !== name;
  const screen = screens.find((one) => one.dataset.screen === name);
  for (const problem of screen.querySelectorAll(".problem")) problem.textContent = "";
  document.getElementById("progress").dataset.step = screen.dataset.step ?? "0";
  goBack = backTo;
  back.hidden = !backTo;
  const heading = screen.querySelector("h1");
  document.title = `${heading.textContent} · Sandbox bank link`;
  scrollTo(0, 0);
  heading.focus();
}

export function shown() {
  return screens.find((screen) => !screen.hidden)?.dataset.screen;
}

/* Runs `work` once at a time: a second press while it runs does nothing. */
let working = false;
export async function during(text, work) {
  if (working) return;
  working = true;
  document.body.toggleAttribute("data-busy", true);
  busy.textContent = text;
  try {
    await work();
  } finally {
    working = false;
    document.body.toggleAttribute("data-busy", false);
    busy.textContent = "";
  }
}

export function onSubmit(id, act) {
  document.getElementById(id).addEventListener("submit", (event) => {
    event.preventDefault();
    act(Object.fromEntries(new FormData(event.target)));
  });
}

export function onPress(selector, act) {
  for (const button of document.querySelectorAll(selector)) button.addEventListener("click", act);
}

back.addEventListener("click", () => goBack?.());

addEventListener("keydown", (event) => {
  if (event.key !== "Tab") return;
  const area = document.querySelector("dialog[open]") ?? document.body;
  const stops = [...area.querySelectorAll("button, input")].filter((one) => !one.disabled && one.checkVisibility());
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  const atEdge = document.activeElement === edge || (event.shiftKey && !stops.includes(document.activeElement));
  if (!atEdge) return;
  event.preventDefault();
  (event.shiftKey ? stops.at(-1) : stops[0])?.focus();
});
