/* From the bank's name to its accounts: by password and prompts, or in a window of the bank. */

import { fillAccounts } from "./accounts.js";
import { call } from "./calls.js";
import { attempt, isDown, stuck } from "./failing.js";
import * as prompts from "./prompts.js";
import { during, fill, onPress, onSubmit, say, shown, show } from "./screens.js";
import { visit } from "./visit.js";
import { forgetWindow, openBankWindow, prepareWindow } from "./window.js";

const form = document.getElementById("sign-in");
const ANY = "Test data: any username and any password will do.";

/* A bank that is to be signed in to again leaves no way back to the others. */
const backTo = () => (visit.opened.relink ? null : toBanks);

export function choose(bank) {
  visit.bank = bank;
  visit.ending = "cancel";
  fill("bank", bank.name);
  form.reset();
  if (bank.down) return isDown(bank.down);
  if (!bank.oauth) return showSignIn();
  return during("", () => attempt(async () => {
    await prepareWindow();
    show("window", { backTo: backTo() });
  }));
}

function showSignIn() {
  say("sign-in-lead", visit.opened.relink ? `${visit.bank.name} wants you to sign in again. ${ANY}` : ANY);
  show("sign-in", { backTo: backTo() });
}

export function toBanks() {
  forgetWindow();
  visit.ending = "cancel";
  if (visit.opened.relink) choose(visit.opened.relink);
  else show("banks");
}

/* Every sign-in comes through here, whichever kind it was. */
function signIn(proof) {
  return during("Signing in…", () => attempt(async () => {
    const answer = await call("sign-in", { bank: visit.bank.key, ...proof });
    if (answer.next === "prompt") return prompts.ask(answer, backTo());
    if (answer.next === "again") return askAgain(answer.message);
    if (answer.next === "stop") return answer.down ? isDown(answer.down) : stuck(answer.reason);
    visit.offered = answer;
    fillAccounts(answer, { title: (what) => `Choose ${what} at ${visit.bank.name}` });
    show("accounts", { backTo: backTo() });
  }));
}

function askAgain(message) {
  if (shown() === "prompt") return prompts.askAgain(message);
  say("sign-in-problem", message);
  form.elements.password.value = "";
  form.elements.password.focus();
}

async function throughWindow() {
  const { word, window: token } = await openBankWindow();
  if (word === "allow") signIn({ window: token });
  // A window that has been answered is spent; the next try needs another.
  if (word === "deny") stuck("refused");
}

onSubmit("sign-in", signIn);
prompts.onAnswer((answer) => signIn({ answer }));
onPress("#open-window", throughWindow);
onPress("[data-to-banks]", toBanks);
