/* What the person and the page are told when something does not work. */

import { Refused } from "./calls.js";
import * as host from "./host.js";
import { show } from "./screens.js";
import { visit } from "./visit.js";

const STUCK = {
  down: ["is not available right now", "Nothing was shared. Try again later, or link another bank."],
  refused: ["refused the sign-in", "Nothing was shared. Ask your bank why, or link another one."],
  no_accounts: ["has no account to link", "You signed in, but no account of yours there fits. Nothing was shared."],
};

export function stuck(reason) {
  const [title, text] = STUCK[reason];
  visit.ending = "fail";
  tell(`${visit.bank.name} ${title}`, text);
}

/* A hosted address that leads nowhere: there is no page to tell, so the person is told. */
export function over(error) {
  for (const id of ["another", "close"]) document.getElementById(id).hidden = true;
  tell("This link is over", error.message);
}

/* A session that is over ends the dialog; a lost connection leaves the person where they are. */
export async function attempt(work) {
  try {
    await work();
  } catch (error) {
    if (error instanceof Refused) return host.finish({ error: asStripe(error) });
    const place = document.querySelector("section:not([hidden]) .problem");
    if (place) place.textContent = "The sandbox does not answer. Nothing was shared; try once more.";
  }
}

export function asStripe(error) {
  if (error instanceof Refused) return error.error;
  return { type: "api_connection_error", message: "The sandbox does not answer." };
}

function tell(title, text) {
  document.getElementById("problem-title").textContent = title;
  document.getElementById("problem-text").textContent = text;
  show("problem");
}
