/* The page behind Stripe's hosted_verification_url: what arrived in, what follows from it out. */

import "./ready.js";
import { post } from "./calls.js";
import { say } from "./words.js";

const address = location.pathname.replace(/\/$/, "");
const forms = ["code-form", "amounts-form"].map((id) => document.getElementById(id));
const KIND = { checking: "checking", savings: "savings" };
const OVER = {
  payment_method_microdeposit_verification_attempts_exceeded: ["The tries are used up", "What was entered did not match too often. Nothing was debited; the account must be entered anew."],
  payment_method_microdeposit_verification_timeout: ["The time is up", "The deposit could be named for ten days. Nothing was debited; the account must be entered anew."],
  payment_method_microdeposit_failed: ["The deposit did not arrive", "The bank did not take it, so the numbers are probably wrong. Nothing was debited; enter the account anew."],
};

function show(name) {
  for (const screen of document.querySelectorAll("[data-screen]")) screen.hidden = screen.dataset.screen !== name;
  const heading = document.querySelector("[data-screen]:not([hidden]) h1");
  document.title = `${heading.textContent} · test data`;
  heading.focus();
}

function useForm(id) {
  for (const form of forms) form.hidden = form.id !== id;
}

function draw(state) {
  if (state.status === "requires_action") return ask(state);
  if (["processing", "succeeded"].includes(state.status)) return good(state);
  const [title, text] = OVER[state.problem] ?? ["There is nothing to verify", "This account waits for nothing. You may close this page."];
  bad(title, text);
}

function ask({ bank_account: account, microdeposit_type: type, arrival_date: arrival }) {
  const day = new Intl.DateTimeFormat("en-US", { weekday: "short", month: "short", day: "numeric", timeZone: "UTC" });
  const whose = `your ${KIND[account.account_type] ?? "bank"} account ending in ${account.last4}`;
  const sent = type === "amounts" ? "two small deposits" : "one cent, with a code beside it";
  say("verify-text", `Look into ${whose}: by ${day.format(arrival * 1000)} there ${type === "amounts" ? "are" : "is"} ${sent}. What you enter shows that the account is yours.`);
  useForm(type === "amounts" ? "amounts-form" : "code-form");
  show("verify");
}

function good({ bank_account: account, for: purpose }) {
  const money = purpose.amount && new Intl.NumberFormat("en-US", { style: "currency", currency: purpose.currency }).format(purpose.amount / 100);
  say("good-text", money ? `${money} is now on its way from the account ending in ${account.last4}. You may close this page.`
    : `The account ending in ${account.last4} can now be used for what you agreed to. You may close this page.`);
  show("good");
}

function bad(title, text) {
  say("bad-title", title);
  say("bad-text", text);
  show("bad");
}

async function verify(said, form) {
  const problem = form.querySelector(".problem");
  problem.textContent = "";
  try {
    draw(await post(`${address}/verify`, said));
  } catch (refused) {
    const code = refused.error?.code;
    if (OVER[code]) return bad(...OVER[code]);
    problem.textContent = refused.message;
    form.querySelector("input").focus();
  }
}

function cents(id) {
  const text = document.getElementById(id).value.trim();
  return /^\d{1,2}$/.test(text) ? Number(text) : null;
}

forms[0].addEventListener("submit", (event) => {
  event.preventDefault();
  const code = document.getElementById("code").value.trim();
  if (!/^SM\w{4}$/i.test(code)) return say("code-problem", "The code has six characters and begins with SM.");
  verify({ descriptor_code: code }, forms[0]);
});
forms[1].addEventListener("submit", (event) => {
  event.preventDefault();
  const amounts = [cents("first"), cents("second")];
  if (amounts.includes(null)) return say("amounts-problem", "Enter both amounts in cents, from 1 to 99.");
  verify({ amounts }, forms[1]);
});
for (const button of document.querySelectorAll("[data-other]")) {
  button.addEventListener("click", () => {
    useForm(button.dataset.other);
    document.querySelector(`#${button.dataset.other} input`).focus();
  });
}

try {
  draw(await post(`${address}/state`));
} catch (refused) {
  bad("This link leads nowhere", refused.message);
}
