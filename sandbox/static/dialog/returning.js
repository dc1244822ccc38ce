/* Somebody who was here before: a code instead of a sign-in, then the accounts of then. */

import { fillAccounts } from "./accounts.js";
import { call } from "./calls.js";
import { attempt } from "./failing.js";
import { during, fill, onSubmit, say, show } from "./screens.js";
import { visit } from "./visit.js";

const field = document.getElementById("known-code");

export function greet() {
  say("sent-to", visit.opened.returning.to);
  show("returning");
}

function recognise({ code }) {
  return during("Checking the code…", () => attempt(async () => {
    const answer = await call("recognise", { code });
    if (answer.next === "new") {
      show("banks");
      return say("banks-problem", answer.message);
    }
    if (answer.next === "again") return askAgain(answer.message);
    visit.bank = null;
    visit.offered = answer;
    fill("bank", "your bank");
    fillAccounts(answer, { title: () => "Choose from your accounts", among: true });
    show("accounts");
  }));
}

function askAgain(message) {
  say("returning-problem", message);
  field.value = "";
  field.focus();
}

onSubmit("returning-form", recognise);
