// Hide amounts and theme: answers at once and keeps the choice in a cookie, so that the next page is right from the server.
const root = document.documentElement;

function keep(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-display]");
  const button = event.submitter;
  if (!form || !button) return;
  event.preventDefault();
  keep(button.name, button.value);
  if (button.name === "amounts") {
    if (button.value === "hidden") root.dataset.amounts = "hidden";
    else delete root.dataset.amounts;
    // The pressed button has just gone: its twin takes the focus.
    [...form.elements].find((other) => other !== button && other.offsetParent)?.focus();
  }
  if (button.name === "theme") {
    if (button.value === "system") delete root.dataset.theme;
    else root.dataset.theme = button.value;
    for (const other of form.querySelectorAll("button[name=theme]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
  }
  document.dispatchEvent(new CustomEvent("display"));
});
