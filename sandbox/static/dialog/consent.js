/* The first screen: who asks, for what, and a yes. */

import { fill, say, show } from "./screens.js";
import { paying, visit } from "./visit.js";

const WORDS = {
  balances: ["Balances", "of each account, and as of when"],
  transactions: ["Transactions", "180 days back, and new ones"],
  ownership: ["Account owners", "name, e-mail, phone, address"],
  payment_method: ["Account and routing number", "for payments that you approve"],
};
const INVENTED = "Banks, people and money in here are invented.";

export function askConsent(asker) {
  const { session, purpose, manual } = visit.opened;
  fill("asker", asker);
  say("consent-title", paying() ? "Choose a bank account" : "Link your bank");
  say("asks", asks(purpose));
  say("for", session.email ? `, for ${session.email}` : "");
  say("consent-fine", `${fine(manual)} ${INVENTED}`);
  document.getElementById("permissions").replaceChildren(...session.permissions.map(line));
  show("consent");
  return new Promise((resolve) => {
    document.getElementById("agree").addEventListener("click", resolve, { once: true });
  });
}

function asks({ kind, amount, currency }) {
  if (kind === "payment") return `wants to debit ${money(amount, currency)} from an account of yours. It asks for this`;
  if (kind === "setup") return "wants to keep an account of yours for debits that you approve. It asks for this";
  if (kind === "token") return "wants to pay out to an account of yours. It asks for this";
  return "asks to see this of the accounts that you choose";
}

function fine(manual) {
  if (paying()) return "Nothing is debited now: you are shown the terms first.";
  return manual === "only" ? "You can withdraw it at any time."
    : "What you type to sign in goes to your bank alone. You can end the link at any time.";
}

function money(cents, currency) {
  return new Intl.NumberFormat("en-US", { style: "currency", currency }).format(cents / 100);
}

function line(permission) {
  const [title, detail] = WORDS[permission] ?? [permission, ""];
  const item = document.createElement("li");
  const strong = document.createElement("strong");
  strong.textContent = title;
  const text = document.createElement("span");
  text.textContent = detail;
  item.append(strong, text);
  return item;
}
