/* A bank account by its numbers; what is wrong stands under the field it is about. */

import { call } from "./calls.js";
import { attempt } from "./failing.js";
import { end } from "./leaving.js";
import { showEntered } from "./done.js";
import { during, onPress, onSubmit, say, show } from "./screens.js";
import { visit } from "./visit.js";

const form = document.getElementById("numbers");
const FIELDS = ["routing_number", "account_number", "account_number_again"];

export function toNumbers() {
  form.reset();
  mark({});
  if (visit.opened.manual === "custom") return end("custom_manual_entry");
  const only = visit.opened.manual === "only";
  show("numbers", { backTo: only ? null : () => show("banks") });
}

function enter(typed) {
  return during("Checking the numbers…", () => attempt(async () => {
    const answer = await call("numbers", typed);
    mark(answer.problems ?? {});
    if (answer.problems) return form.querySelector("[aria-invalid=true]")?.focus();
    visit.result = answer.result;
    form.reset();
    showEntered(typed.account_number.slice(-4), typed.account_type);
  }));
}

function mark(problems) {
  for (const name of FIELDS) {
    say(`${name}-problem`, problems[name] ?? "");
    document.getElementById(name).setAttribute("aria-invalid", String(name in problems));
  }
}

onSubmit("numbers", enter);
onPress("[data-to-numbers]", toNumbers);
