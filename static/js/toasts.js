// Toasts stay ten seconds or until dismissed, and wait while they have the focus or the pointer.
const SECONDS = 10;

function settle(toast) {
  if (toast.dataset.timed) return;
  toast.dataset.timed = "yes";
  let timer;
  const start = () => {
    clearTimeout(timer);
    timer = setTimeout(() => toast.remove(), SECONDS * 1000);
  };
  const hold = () => clearTimeout(timer);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("focusout", start);
  toast.addEventListener("pointerleave", start);
  start();
}

const place = document.getElementById("toasts");
const settleAll = () => document.querySelectorAll("[data-toast]").forEach(settle);
if (place) new MutationObserver(settleAll).observe(place, { childList: true, subtree: true });
settleAll();

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-dismiss]")) event.target.closest("[data-toast]")?.remove();
});
