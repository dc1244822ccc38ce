/* From the bank's name to its accounts: by password, by code, or in a window of the bank. */

import { fillAccounts } from "./accounts.js";
import { call } from "./calls.js";
import { attempt, stuck } from "./failing.js";
import { during, name, onSubmit, show } from "./screens.js";
import { visit } from "./visit.js";
import { forgetWindow, openBankWindow } from "./window.js";

const signInForm = document.getElementById("sign-in");
const codeForm = document.getElementById("code-form");

export function choose(bank) {
  visit.bank = bank;
  visit.ending = "cancel";
  name(bank);
  signInForm.reset();
  codeForm.reset();
  if (bank.down) stuck("down");
  else show(bank.oauth ? "window" : "sign-in", { backTo: toBanks });
}

function toBanks() {
  forgetWindow();
  visit.ending = "cancel";
  show("banks");
}

/* Every sign-in comes through here, whichever kind it was. */
function signIn(proof) {
  return during("Signing in…", () => attempt(async () => {
    const answer = await call("sign-in", { bank: visit.bank.key, ...proof });
    if (answer.next === "code") return show("code", { backTo: toBanks });
    if (answer.next === "again") return askAgain(answer.message);
    if (answer.next === "stop") return stuck(answer.reason);
    visit.offered = answer;
    fillAccounts(answer.accounts);
    show("accounts", { backTo: toBanks });
  }));
}

function askAgain(message) {
  document.getElementById("sign-in-problem").textContent = message;
  signInForm.elements.password.value = "";
  signInForm.elements.password.focus();
}

function sendCode({ code }) {
  if (code.trim()) return signIn({ code });
  document.getElementById("code-problem").textContent = "Enter the security code.";
}

async function throughWindow() {
  const word = await openBankWindow(visit.bank);
  if (word === "allow") signIn({ allowed: true });
  if (word === "deny") stuck("refused");
}

onSubmit("sign-in", signIn);
onSubmit("code-form", sendCode);
document.getElementById("open-window").addEventListener("click", throughWindow);
document.getElementById("another").addEventListener("click", toBanks);
