/* The way through the dialog: consent, bank, sign-in, accounts, done; and every way out of it. */

import { chosenAccounts, fillAccounts, fillLinked } from "./accounts.js";
import { fillBanks } from "./banks.js";
import { call, Refused, use } from "./calls.js";
import { askConsent } from "./consent.js";
import * as host from "./host.js";
import { during, name, show, shown } from "./screens.js";
import { forgetWindow, openBankWindow } from "./window.js";

const leave = document.getElementById("leave");
const element = (id) => document.getElementById(id);
let bank = null;
let offered = null;
let ending = "cancel";
let result = null;

async function begin() {
  const { clientSecret, origin } = await host.start({ onEscape: askToLeave, onAbandon: end });
  use(clientSecret);
  try {
    const { session, banks } = await call("session");
    host.started(session);
    // A hosted page that is opened again leads back where it led before.
    if (session.status === "succeeded") return host.finish(null);
    fillBanks(banks, choose);
    await askConsent(session, new URL(origin ?? session.hosted_return_url).host);
    show("banks");
  } catch (error) {
    if (!host.finish({ error: asStripe(error) })) over(error);
  }
}

function choose(chosen) {
  bank = chosen;
  name(bank);
  element("sign-in").reset();
  element("code-form").reset();
  ending = "cancel";
  if (bank.down) return stuck("down");
  show(bank.oauth ? "window" : "sign-in", { backTo: toBanks });
}

function toBanks() {
  forgetWindow();
  ending = "cancel";
  show("banks");
}

/* Every sign-in ends here, whichever kind it was. */
function signIn(proof) {
  return during("Signing in…", () => attempt(async () => {
    const answer = await call("sign-in", { bank: bank.key, ...proof });
    if (answer.next === "code") return show("code", { backTo: toBanks });
    if (answer.next === "again") return complain("sign-in-problem", answer.message);
    if (answer.next === "stop") return stuck(answer.reason);
    offered = answer;
    fillAccounts(answer.accounts);
    show("accounts", { backTo: toBanks });
  }));
}

function connect() {
  const keys = chosenAccounts(offered);
  if (!keys) return;
  during("Connecting…", () => attempt(async () => {
    const session = await call("finish", { accounts: keys, result: "success" });
    result = { financialConnectionsSession: session };
    fillLinked(offered.accounts.filter((account) => keys.includes(account.key)));
    show("done");
  }));
}

const STUCK = {
  down: ["is not available right now", "Nothing was shared. Try again later, or link another bank."],
  refused: ["refused the sign-in", "Nothing was shared. Ask your bank why, or link another one."],
  no_accounts: ["has no account to link", "You signed in, but no account of yours there can be linked. Nothing was shared."],
};

function stuck(reason) {
  const [title, text] = STUCK[reason];
  element("problem-title").textContent = `${bank.name} ${title}`;
  element("problem-text").textContent = text;
  ending = "fail";
  show("problem");
}

/* A hosted address that leads nowhere: there is no page to tell, so the person is told. */
function over(error) {
  element("problem-title").textContent = "This link is over";
  element("problem-text").textContent = error.message;
  for (const id of ["another", "close"]) element(id).hidden = true;
  show("problem");
}

function complain(id, text) {
  element(id).textContent = text;
  element("password").value = "";
  element("password").focus();
}

/* A session that is over ends the dialog; a lost connection leaves the person where they are. */
async function attempt(work) {
  try {
    await work();
  } catch (error) {
    if (error instanceof Refused) return host.finish({ error: asStripe(error) });
    const place = document.querySelector("section:not([hidden]) .problem");
    if (place) place.textContent = "The sandbox does not answer. Nothing was shared; try once more.";
  }
}

function asStripe(error) {
  return error instanceof Refused ? error.error : { type: "api_connection_error", message: "The sandbox does not answer." };
}

function askToLeave() {
  if (result || shown() === "problem" || shown() === "opening") return end();
  if (!leave.open) leave.showModal();
}

/* Leaves: with the accounts when they are linked, otherwise with none, as Stripe.js does when a person closes it. */
async function end() {
  leave.close();
  if (result) return host.finish(result);
  try {
    host.finish({ financialConnectionsSession: await call("finish", { accounts: [], result: ending }) });
  } catch (error) {
    host.finish({ error: asStripe(error) });
  }
}

async function throughWindow() {
  const word = await openBankWindow(bank);
  if (word === "allow") signIn({ allowed: true });
  if (word === "deny") stuck("refused");
}

function onSubmit(id, act) {
  element(id).addEventListener("submit", (event) => {
    event.preventDefault();
    act(Object.fromEntries(new FormData(event.target)));
  });
}

onSubmit("sign-in", signIn);
onSubmit("code-form", ({ code }) => {
  if (!code.trim()) return (element("code-problem").textContent = "Enter the security code.");
  signIn({ code });
});
onSubmit("accounts-form", connect);
element("open-window").addEventListener("click", throughWindow);
element("another").addEventListener("click", toBanks);
element("done").addEventListener("click", end);
element("close").addEventListener("click", askToLeave);
element("stay").addEventListener("click", () => leave.close());
element("stop").addEventListener("click", end);
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.target.type === "search" && event.target.value) return;
  event.preventDefault();
  if (leave.open) leave.close();
  else askToLeave();
});
begin();
