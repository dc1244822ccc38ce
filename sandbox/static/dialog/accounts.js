/* The accounts that can be linked, each a checkbox named by the account. */

const list = document.getElementById("accounts");
const problem = document.getElementById("accounts-problem");

export function fillAccounts(accounts) {
  list.replaceChildren(...accounts.map(accountRow));
}

/* The keys that are ticked, or null after having said what is missing. */
export function chosenAccounts({ accounts, limit, needs_payable }) {
  const keys = [...list.querySelectorAll("input:checked")].map((box) => box.value);
  problem.textContent = "";
  const payable = accounts.some((account) => account.payable && keys.includes(account.key));
  if (needs_payable && !payable) problem.textContent = "Choose at least one account that can pay: checking or savings.";
  if (keys.length === 0) problem.textContent = "Choose at least one account.";
  if (limit && keys.length > limit) {
    problem.textContent = limit === 1 ? "Choose one account only." : `Choose at most ${limit} accounts.`;
  }
  return problem.textContent ? null : keys;
}

export function fillLinked(accounts) {
  const many = accounts.length !== 1;
  document.getElementById("linked-title").textContent = `${accounts.length} account${many ? "s are" : " is"} linked`;
  document.getElementById("linked").replaceChildren(...accounts.map((account) => {
    const item = document.createElement("li");
    item.append(span("name", account.name), span("note", account.note));
    return item;
  }));
}

function accountRow(account, place) {
  const box = document.createElement("input");
  Object.assign(box, { type: "checkbox", id: `account-${place}`, value: account.key, checked: account.preselected });
  box.setAttribute("aria-describedby", `account-note-${place}`);
  const label = document.createElement("label");
  label.htmlFor = box.id;
  label.textContent = account.name;
  const note = span("note", account.note);
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
