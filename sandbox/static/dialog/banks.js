/* The list of banks, narrowed by what is typed. */

const list = document.getElementById("banks");
const search = document.getElementById("search");
const found = document.getElementById("found");

export function fillBanks(banks, choose) {
  const rows = banks.map((bank, place) => ({ bank, row: bankRow(bank, place, choose) }));
  const narrow = () => {
    const wanted = search.value.trim().toLowerCase();
    const matching = rows.filter(({ bank }) => bank.name.toLowerCase().includes(wanted));
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
    piece("tile", bank.name.split(" ").slice(0, 2).map((word) => word[0]).join(""), { "data-tint": place % 6 }),
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
  if (kind === "tile") span.setAttribute("aria-hidden", "true");
  return span;
}
