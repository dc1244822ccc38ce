/* The way through the dialog: consent, bank, sign-in, accounts, done. */

import "./ready.js";
import { chosenAccounts } from "./accounts.js";
import { fillBanks } from "./banks.js";
import { call, use } from "./calls.js";
import { askConsent } from "./consent.js";
import { showLinked } from "./done.js";
import { asStripe, attempt, notRenewed, over } from "./failing.js";
import * as host from "./host.js";
import { askToLeave, end } from "./leaving.js";
import { toNumbers } from "./numbers.js";
import { greet } from "./returning.js";
import { during, onSubmit, say } from "./screens.js";
import { choose, toBanks } from "./signing-in.js";
import { visit } from "./visit.js";

async function begin() {
  const { order, origin } = await host.start({ onEscape: askToLeave, onAbandon: () => end() });
  const { clientSecret, ...rest } = order;
  use(clientSecret);
  // Before that there is nothing to end, and nobody to tell.
  document.getElementById("close").disabled = false;
  try {
    visit.opened = await call("session", rest);
    use(visit.opened.client_secret);
    host.started(visit.opened);
    // A hosted page that is opened again leads back where it led before.
    if (visit.opened.session.over) return host.finish(null);
    fillBanks(visit.opened.banks, choose);
    if (visit.opened.relink) say("another", "Try again");
    for (const way of document.querySelectorAll("[data-by-hand]")) way.hidden = visit.opened.manual === "none";
    await askConsent(new URL(origin ?? visit.opened.session.hosted_return_url).host);
    goOn();
  } catch (error) {
    if (!host.finish({ error: asStripe(error) })) over(error, { canLeave: false });
  }
}

function goOn() {
  const { manual, relink, returning } = visit.opened;
  if (manual === "only") toNumbers();
  else if (returning && !relink) greet();
  else toBanks();
}

function connect() {
  const keys = chosenAccounts(visit.offered);
  if (!keys) return;
  during("Connecting…", () => attempt(async () => {
    const { result, linked } = await call("finish", { accounts: keys, result: "success" });
    visit.result = result;
    if (!linked) return notRenewed();
    showLinked(visit.offered.accounts.filter((account) => keys.includes(account.key)));
  }));
}

onSubmit("accounts-form", connect);
begin();
