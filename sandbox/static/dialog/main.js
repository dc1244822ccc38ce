/* The way through the dialog: consent, bank, sign-in, accounts, done. */

import { chosenAccounts, fillLinked } from "./accounts.js";
import { fillBanks } from "./banks.js";
import { call, use } from "./calls.js";
import { askConsent } from "./consent.js";
import { asStripe, attempt, over } from "./failing.js";
import * as host from "./host.js";
import { askToLeave, end } from "./leaving.js";
import { during, onSubmit, show } from "./screens.js";
import { choose } from "./signing-in.js";
import { visit } from "./visit.js";

async function begin() {
  const { clientSecret, origin } = await host.start({ onEscape: askToLeave, onAbandon: end });
  use(clientSecret);
  // Before that there is nothing to end, and nobody to tell.
  document.getElementById("close").disabled = false;
  try {
    const { session, banks } = await call("session");
    host.started(session);
    // A hosted page that is opened again leads back where it led before.
    if (session.status === "succeeded") return host.finish(null);
    fillBanks(banks, choose);
    await askConsent(session, new URL(origin ?? session.hosted_return_url).host);
    show("banks");
  } catch (error) {
    if (!host.finish({ error: asStripe(error) })) over(error);
  }
}

function connect() {
  const keys = chosenAccounts(visit.offered);
  if (!keys) return;
  during("Connecting…", () => attempt(async () => {
    visit.result = { financialConnectionsSession: await call("finish", { accounts: keys, result: "success" }) };
    fillLinked(visit.offered.accounts.filter((account) => keys.includes(account.key)));
    show("done");
  }));
}

onSubmit("accounts-form", connect);
begin();
