/* The last screen: what has been linked or entered, and what follows from it. */

import { fillLinked } from "./accounts.js";
import { say, show } from "./screens.js";
import { paying, visit } from "./visit.js";

export function showLinked(accounts) {
  const many = accounts.length !== 1;
  const banks = new Set(accounts.map((account) => account.institution));
  const who = banks.size === 1 ? `${[...banks][0]} shares` : "Your banks share";
  say("done-title", paying() ? "Your account is chosen" : `${accounts.length} account${many ? "s are" : " is"} linked`);
  say("done-text", paying() ? "Nothing has been debited. You are shown the terms before anything is."
    : `${who} what you agreed to until you end the link.`);
  fillLinked(accounts);
  show("done");
}

export function showEntered(last4, kind) {
  say("done-title", "Your bank account is entered");
  say("done-text", visit.opened.purpose.kind === "token" ? "It is used for what you were told before, and for nothing else."
    : "Nothing has been debited. Once you have agreed to the terms, one cent arrives there within two business days; the code beside it shows that the account is yours.");
  fillLinked([{ name: kind === "savings" ? "Savings" : "Checking", note: `ending in ${last4}` }]);
  show("done");
}
