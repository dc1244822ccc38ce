// For apps in a WebView: the app calls fcdash.link with its session; the address that follows says how it ended.
const words = document.getElementById("webview-words");
let begun = false;

function end(result) {
  location.replace(`ended/?result=${result}`);
}

async function link(session) {
  if (begun) return;
  begun = true;
  if (!window.Stripe) {
    begun = false;
    words.textContent = "Stripe’s script did not load, so no bank can be linked now. Try again in a minute.";
    return;
  }
  try {
    const stripe = window.Stripe(session.publishable_key);
    const result = await stripe.collectFinancialConnectionsAccounts({ clientSecret: session.client_secret });
    if (result.error) end("failed");
    else end(result.financialConnectionsSession.accounts.length ? "completed" : "canceled");
  } catch {
    end("failed");
  }
}

window.fcdash = Object.freeze({ link });
