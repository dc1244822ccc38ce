/* The bank's own window: one yes or no, said to the dialog that opened it and to nobody else. */

const place = document.querySelector("[data-bank]");
const key = location.pathname.split("/").at(-1);

for (const button of document.querySelectorAll("[data-word]")) {
  button.addEventListener("click", () => {
    opener?.postMessage({ bankWindow: button.dataset.word }, location.origin);
    // A moment for the word to arrive; the dialog takes the first one only.
    setTimeout(close, 200);
  });
}

const response = await fetch(`/v3/dialog/banks/${key}`);
if (response.ok) place.textContent = (await response.json()).name;
