/* Elements out of values, never out of text; and a page that becomes another one without being rebuilt. */

// What nobody sees or what turns the text around it: shown by its number.
const ODD = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/u;

// Attributes that say how a field stands at first, and the properties that say how it stands now.
const STANDS = { checked: "checked", selected: "selected" };

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).flatMap(nodes));
  return element;
}

function nodes(child) {
  if (child === null || child === undefined || child === false) return [];
  if (child instanceof Node) return [child];
  const text = String(child);
  return ODD.test(text) ? [...text].map((each) => (ODD.test(each) ? odd(each) : each)) : [text];
}

function odd(character) {
  const number = character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
  const shown = document.createElement("span");
  shown.className = "odd";
  shown.textContent = `U+${number}`;
  return shown;
}

/* Makes `old` look like `fresh`; what is the same stays the same node, with its focus, scroll and selection. */
export function patch(old, fresh) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    // Whether it is open is the reader's doing.
    if (fresh.hasAttribute(name) || (name === "open" && old.localName === "details")) continue;
    old.removeAttribute(name);
    if (STANDS[name]) old[STANDS[name]] = false;
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) === value) continue;
    old.setAttribute(name, value);
    // What a field starts with has changed; what is being typed has not.
    if (STANDS[name]) old[STANDS[name]] = true;
    else if (name === "value" && old !== document.activeElement) old.value = value;
  }
  patchChildren(old, [...fresh.childNodes]);
}

export function patchChildren(old, fresh) {
  const wanted = new Set(fresh.map(keyOf).filter(Boolean));
  for (const child of [...old.childNodes]) {
    if (keyOf(child) && !wanted.has(keyOf(child))) child.remove();
  }
  const kept = new Map([...old.childNodes].filter(keyOf).map((child) => [keyOf(child), child]));
  let here = old.firstChild;
  for (const next of fresh) {
    const key = keyOf(next);
    const same = key ? kept.get(key) : alike(here, next) && here;
    if (!same || same.nodeName !== next.nodeName) {
      old.insertBefore(next, here);
      continue;
    }
    if (same === here) here = here.nextSibling;
    else old.insertBefore(same, here);
    patch(same, next);
  }
  while (here) {
    const gone = here;
    here = here.nextSibling;
    gone.remove();
  }
}

function keyOf(node) {
  return node.dataset?.key;
}

function alike(old, fresh) {
  return old && !keyOf(old) && old.nodeName === fresh.nodeName;
}
