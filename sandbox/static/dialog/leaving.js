/* Every way out: Done, Close and Escape; a question first while there is something to lose. */

import { asStripe } from "./failing.js";
import { call } from "./calls.js";
import * as host from "./host.js";
import { onPress, shown } from "./screens.js";
import { visit } from "./visit.js";

const leave = document.getElementById("leave");
const AT_ONCE = ["opening", "problem", "done", "over"];

export function askToLeave() {
  if (document.body.hasAttribute("data-busy")) return;
  if (AT_ONCE.includes(shown())) end();
  else if (!leave.open) leave.showModal();
}

/* Leaves with the accounts when they are linked, otherwise with none, as Stripe.js does when a person closes it. */
export async function end(reason = "other") {
  leave.close();
  if (visit.result) return host.finish(visit.result);
  const result = reason === "other" ? visit.ending : "cancel";
  try {
    host.finish((await call("finish", { accounts: [], result, reason })).result);
  } catch (error) {
    host.finish({ error: asStripe(error) });
  }
}

function onEscape(event) {
  // A search box empties itself first.
  const searching = event.target.type === "search" && event.target.value;
  if (event.key !== "Escape" || searching) return;
  event.preventDefault();
  if (leave.open) leave.close();
  else askToLeave();
}

addEventListener("keydown", onEscape);
onPress("#close", askToLeave);
onPress("#stay", () => leave.close());
onPress("#stop, #done, #leave-over", () => end());
