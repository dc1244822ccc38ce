/* The accounts that can be taken, each a box named by the account; a single one is a choice between them. */

import { say } from "./screens.js";
import { paying } from "./visit.js";

const list = document.getElementById("accounts");

export function fillAccounts(offered, { title, among = false }) {
  const single = offered.limit === 1;
  say("accounts-title", title(single ? "an account" : "accounts"));
  say("accounts-legend", single ? "Account to use" : "Accounts to link");
  say("connect", paying() ? "Use this account" : single ? "Connect account" : "Connect accounts");
  document.getElementById("other-bank").hidden = !among;
  list.replaceChildren(...offered.accounts.map((account, place) => accountRow(account, place, single, among)));
}

/* The keys that are ticked, or null after having said what is missing. */
export function chosenAccounts({ accounts, limit, needs_payable }) {
  const keys = [...list.querySelectorAll("input:checked")].map((box) => box.value);
  const payable = accounts.some((account) => account.payable && keys.includes(account.key));
  const problem = keys.length === 0 ? "Choose at least one account."
    : limit && keys.length > limit ? `Choose at most ${limit} accounts.`
    : needs_payable && !payable ? "Choose at least one account that can pay: checking or savings."
    : "";
  say("accounts-problem", problem);
  return problem ? null : keys;
}

export function fillLinked(accounts) {
  document.getElementById("linked").replaceChildren(...accounts.map(({ name, note }) => {
    const item = document.createElement("li");
    item.append(span("name", name), span("note", note));
    return item;
  }));
}

function accountRow(account, place, single, among) {
  const box = document.createElement("input");
  Object.assign(box, {
    type: single ? "radio" : "checkbox", name: "account", id: `account-${place}`, value: account.key,
    checked: account.preselected, disabled: Boolean(account.unfit),
  });
  box.setAttribute("aria-describedby", `account-note-${place}`);
  const label = document.createElement("label");
  label.htmlFor = box.id;
  label.textContent = account.name;
  const note = span("note", [among && account.institution, account.note, account.unfit].filter(Boolean).join(" · "));
  note.id = `account-note-${place}`;
  const item = document.createElement("li");
  item.append(box, label, note);
  return item;
}

function span(kind, text) {
  const element = document.createElement("span");
  element.className = kind;
  element.textContent = text;
  return element;
}
