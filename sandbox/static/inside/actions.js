/* The buttons: each is a small form that names one call; pressing it makes that call and says what came of it. */

import { call, curl } from "./calls.js";
import { h } from "./dom.js";
import { field, select } from "./pieces.js";
import { say } from "./saying.js";

let key = "";
export function useKey(secret) {
  key = secret;
}

export function forms(actions) {
  return h("div", { class: "actions" }, actions.map(form));
}

export function form(action) {
  const { label, choices = [], danger, ...does } = action;
  const unfolds = choices.length > 1;
  const button = h("button", { class: danger ? "small danger" : "small" }, label);
  const fields = choices.map((each) => choice(each, `${does.path}-${label}`));
  const whole = JSON.stringify({ label, ...does });
  const marks = { class: "action", "data-key": `${label} ${does.path}`, "data-does": whole };
  const made = h("form", marks, unfolds ? [h("div", { class: "fields" }, fields), button] : [button, fields]);
  if (!unfolds) return made;
  const summary = h("summary", { class: "small" }, label);
  return h("details", { class: "unfolds", "data-key": `more ${label}` }, summary, made);
}

function choice({ name, label, kind, options, value }, of) {
  const id = `${of}-${name}`.replaceAll(/\W+/g, "-");
  const marks = { id, name, "data-kind": kind };
  if (options?.length) return field(label, select(marks, options, value));
  const inputmode = kind === "number" ? "numeric" : null;
  return field(label, h("input", { ...marks, value, placeholder: label, inputmode, autocomplete: "off" }));
}

/* What the form's fields add to the call; `a.0.b` is a place further in. */
function filled(body, fields) {
  const whole = structuredClone(body ?? {});
  for (const { name, value, dataset } of fields) {
    if (value === "") continue;
    put(whole, name.split("."), dataset.kind === "number" ? Number(value) : dataset.kind === "list" ? [value] : value);
  }
  return whole;
}

function put(holder, [step, ...rest], value) {
  if (!rest.length) holder[step] = value;
  else put(holder[step] ??= /^\d+$/.test(rest[0]) ? [] : {}, rest, value);
}

export async function press(element, after) {
  const does = JSON.parse(element.dataset.does);
  does.body = filled(does.body, element.querySelectorAll("[name]"));
  if (does.asks && !(await agreed(does.asks, does.label))) return;
  await perform(does, after);
}

export async function perform(does, after) {
  document.body.dataset.busy = "";
  try {
    await call(does, key);
    say(`${does.label}: done.`, curl(does, key));
  } catch (refusal) {
    say(`${does.label}: refused. ${refusal.message}`, curl(does, key), "bad");
  } finally {
    delete document.body.dataset.busy;
  }
  await after();
}

function agreed(question, yes) {
  const dialog = document.getElementById("ask");
  document.getElementById("ask-title").textContent = question;
  document.getElementById("ask-yes").textContent = yes;
  dialog.returnValue = "";
  dialog.showModal();
  document.getElementById("ask-no").onclick = () => dialog.close("");
  document.getElementById("ask-yes").onclick = () => dialog.close("yes");
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
