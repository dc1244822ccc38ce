/* The list of banks, narrowed by what is typed: names, former names, initials. */

const list = document.getElementById("banks");
const search = document.getElementById("search");
const found = document.getElementById("found");

export function fillBanks(banks, choose) {
  const rows = banks.map((bank, place) => ({ names: names(bank), row: bankRow(bank, place, choose) }));
  const narrow = () => {
    const wanted = search.value.trim().toLowerCase();
    const matching = rows.filter(({ names }) => names.some((name) => name.includes(wanted)));
    list.replaceChildren(...matching.map(({ row }) => row));
    found.textContent = count(matching.length, search.value.trim());
  };
  search.addEventListener("input", narrow);
  // Enter takes the only bank that is left.
  search.addEventListener("keydown", (event) => {
    const buttons = list.querySelectorAll("button");
    if (event.key === "Enter" && buttons.length === 1) buttons[0].click();
  });
  narrow();
}

function names({ name, aliases }) {
  return [name, ...aliases, initials(name, 4)].map((one) => one.toLowerCase());
}

function initials(name, most) {
  return name.split(/[^A-Za-z]+/).filter(Boolean).slice(0, most).map((word) => word[0]).join("");
}

function count(number, wanted) {
  if (number === 0) return `No bank matches “${wanted}”. Try fewer letters.`;
  return number === 1 ? "1 bank" : `${number} banks`;
}

function bankRow(bank, place, choose) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-labelledby", `bank-name-${place}`);
  button.setAttribute("aria-describedby", `bank-note-${place}`);
  button.append(
    piece("tile", initials(bank.name, 2).toUpperCase(), { "data-tint": place % 6, "aria-hidden": "true" }),
    piece("name", bank.name, { id: `bank-name-${place}` }),
    piece("note", bank.note, { id: `bank-note-${place}` }),
  );
  button.addEventListener("click", () => choose(bank));
  const item = document.createElement("li");
  item.append(button);
  return item;
}

function piece(kind, text, attributes) {
  const span = document.createElement("span");
  span.className = kind;
  span.textContent = text;
  for (const [name, value] of Object.entries(attributes)) span.setAttribute(name, value);
  return span;
}
