/* The first screen: who asks, for what, and a yes. */

import { show } from "./screens.js";

const WORDS = {
  balances: ["Balances", "of each account, and as of when"],
  transactions: ["Transactions", "180 days back, and new ones"],
  ownership: ["Account owners", "name, e-mail, phone, address"],
  payment_method: ["Account and routing number", "for payments that you approve"],
};

export function askConsent(session, asker) {
  document.getElementById("asker").textContent = asker;
  document.getElementById("for").textContent = session.email ? `, for ${session.email}` : "";
  document.getElementById("permissions").replaceChildren(...session.permissions.map(line));
  show("consent");
  return new Promise((resolve) => {
    document.getElementById("agree").addEventListener("click", resolve, { once: true });
  });
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
