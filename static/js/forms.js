// Forms: a second press sends nothing (data-lock), filters send themselves (data-auto), one menu is open at a time (data-menu).
const kept = new WeakMap();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-lock]") || event.defaultPrevented) return;
  if (form.dataset.sending !== undefined) {
    event.preventDefault();
    return;
  }
  form.dataset.sending = "";
  const button = event.submitter ?? form.querySelector("button:not([type=button])");
  if (!button) return;
  kept.set(button, [...button.childNodes]);
  // After this event: a disabled button's name and value would not be sent.
  setTimeout(() => {
    button.disabled = true;
    button.textContent = form.dataset.lock || "Sending…";
  });
});

function unlock(form) {
  delete form.dataset.sending;
  for (const button of form.querySelectorAll("button")) {
    if (!kept.has(button)) continue;
    button.disabled = false;
    button.replaceChildren(...kept.get(button));
  }
}

// Back from the next page, or an htmx answer that kept the form: it can be sent again.
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sending]").forEach(unlock);
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form[data-sending]");
  if (form) unlock(form);
});

document.addEventListener("change", (event) => {
  event.target.closest?.("form[data-auto]")?.requestSubmit();
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest?.("details[data-menu][open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
