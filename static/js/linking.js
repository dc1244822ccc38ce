// Linking a bank: our server starts a session, Stripe's dialog runs it, our server hears how it ended. Nothing is kept here.
const teller = (form) => (words) => {
  const place = form.querySelector("[data-link-words]") ?? document.getElementById("link-words");
  if (place) {
    place.textContent = words;
    place.hidden = !words;
  }
};

async function post(url, token, body) {
  const answer = await fetch(url, {
    method: "POST",
    body,
    headers: { "X-CSRFToken": token, Accept: "application/json" },
    credentials: "same-origin",
  });
  const json = (answer.headers.get("Content-Type") ?? "").includes("json") ? await answer.json() : {};
  if (!answer.ok) throw new Error(json.detail || "We could not reach the bank link service. Nothing was linked; try again.");
  return json;
}

function go(next) {
  const url = new URL(next, location.href);
  if (url.origin === location.origin) location.assign(url);
}

async function link(form, say) {
  if (!window.Stripe) throw new Error("Stripe’s script did not load, so no bank can be linked now. Try again in a minute.");
  const token = form.elements.csrfmiddlewaretoken.value;
  const session = await post(form.action, token, new FormData(form));
  const stripe = window.Stripe(session.publishable_key);
  const result = await stripe.collectFinancialConnectionsAccounts({ clientSecret: session.client_secret });
  if (result.error) throw new Error(result.error.message || "The bank could not be linked. Nothing was read.");
  say("Saving what you chose…");
  // Also after a cancelled dialog: no accounts came, and the server says so on the page that follows.
  go((await post(session.complete_url, token)).next);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-link-bank]");
  if (!button?.form || button.disabled) return;
  event.preventDefault();
  const { form } = button;
  const say = teller(form);
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  say("Opening the bank dialog…");
  try {
    await link(form, say);
  } catch (problem) {
    say(problem.message);
    button.disabled = false;
    button.focus();
  } finally {
    button.removeAttribute("aria-busy");
  }
});
