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

const EXPIRED = "It stood open for too long, or was ended elsewhere. Nothing was shared; begin again on the page that you came from.";

export function stuck(reason) {
  const [what, text] = CAUSES[reason];
  tell(`${visit.bank.name} ${what}`, text);
}

export function isDown({ kind, until }) {
  if (kind !== "scheduled") return stuck(kind);
  const [day, time] = [{ weekday: "long" }, { hour: "numeric", minute: "2-digit" }].map((parts) =>
    new Intl.DateTimeFormat("en-US", parts).format(until * 1000));
  tell(`${visit.bank.name} is being maintained`,
    `It expects to be back on ${day} at ${time}. Nothing was shared. Try again then, or link another bank.`);
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
    const place = [...document.querySelectorAll("section:not([hidden]) .problem")].at(-1);
    if (place) place.textContent = "The sandbox does not answer. Nothing was shared; try once more.";
  }
}

export function over(error, { canLeave = true } = {}) {
  visit.result = { error: asStripe(error) };
  document.getElementById("leave-over").hidden = !canLeave;
  document.getElementById("close").hidden = !canLeave;
  const expired = error.error?.code === "session_expired";
  ended("This link is over", expired ? EXPIRED : `${error.message} Nothing was shared.`);
}

export function notRenewed() {
  ended(`${visit.bank.name} was not renewed`, "The account that was to be renewed is not among those that you chose. It stays as it was.");
}

function ended(title, text) {
  say("over-title", title);
  say("over-text", text);
  show("over");
}

export function asStripe(error) {
  if (error instanceof Refused) return error.error;
  return { type: "api_connection_error", message: "The sandbox does not answer." };
}
