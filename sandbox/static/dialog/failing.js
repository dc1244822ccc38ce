/* What the person and the page are told when something does not work. */

import { Refused } from "./calls.js";
import { say, show } from "./screens.js";
import { visit } from "./visit.js";

const CAUSES = {
  refused: ["refused the sign-in", "Nothing was shared. Ask your bank why, or link another one."],
  no_accounts: ["has no account to link", "You signed in, but you hold no account there. Nothing was shared."],
  none_fits: ["has no account that fits", "You signed in, but none of your accounts there can be used for this. Nothing was shared."],
  unscheduled: ["is not available right now", "Nothing was shared. Try again later, or link another bank."],
  error: ["broke off the sign-in", "Something went wrong there, not with you. Nothing was shared; try again later, or link another bank."],
};

export function stuck(reason) {
  const [what, text] = CAUSES[reason];
  tell(`${visit.bank.name} ${what}`, text);
}

export function isDown({ kind, until }) {
  if (kind !== "scheduled") return stuck(kind);
  const back = new Intl.DateTimeFormat("en-US", { weekday: "short", hour: "numeric", minute: "2-digit" });
  tell(`${visit.bank.name} is being maintained`,
    `It expects to be back on ${back.format(until * 1000)}. Nothing was shared. Try again then, or link another bank.`);
}

function tell(title, text) {
  visit.ending = "fail";
  say("problem-title", title);
  say("problem-text", text);
  show("problem");
}

/* A session that is over ends the dialog, after the person has read why; a lost connection leaves them where they are. */
export async function attempt(work) {
  try {
    await work();
  } catch (error) {
    if (error instanceof Refused) return over(error);
    const place = document.querySelector("section:not([hidden]) .problem:last-of-type");
    if (place) place.textContent = "The sandbox does not answer. Nothing was shared; try once more.";
  }
}

export function over(error, { canLeave = true } = {}) {
  visit.result = { error: asStripe(error) };
  say("over-text", `${error.message} Nothing was shared.`);
  document.getElementById("leave-over").hidden = !canLeave;
  document.getElementById("close").hidden = !canLeave;
  show("over");
}

export function asStripe(error) {
  if (error instanceof Refused) return error.error;
  return { type: "api_connection_error", message: "The sandbox does not answer." };
}
