/* What a bank asks after the password: a code, how to send one, a confirmation elsewhere, a question. */

import { onSubmit, say, show } from "./screens.js";
import { visit } from "./visit.js";

const ANY = "Test data: any six digits will do.";
const BY = { phone: "a security code to the phone that it knows", call: "a security code by a call to your phone", email: "a security code to your e-mail address" };
const PROMPTS = {
  code: { title: "Enter the code", text: (bank, by) => `${bank} has sent ${BY[by] ?? BY.phone}. ${ANY}`, go: "Continue" },
  options: { title: "Choose how to get a code", text: (bank) => `${bank} sends you a security code first.`, go: "Send the code" },
  confirm: { title: "Confirm it on your phone", text: (bank) => `${bank} has asked you in its app whether it is you. Test data: there is no app; go on.`, go: "I have confirmed it" },
  question: { title: "Answer a question", text: (bank) => `${bank} asks: what was the name of your first pet? Test data: any answer will do.`, go: "Continue" },
};
const form = document.getElementById("prompt");
let asked = null;

export function ask({ kind, by }, backTo) {
  asked = kind;
  const { title, text, go } = PROMPTS[kind];
  form.reset();
  for (const field of form.querySelectorAll("[data-kind]")) field.hidden = field.dataset.kind !== kind;
  say("prompt-title", title);
  say("prompt-text", text(visit.bank.name, by));
  say("prompt-go", go);
  show("prompt", { backTo });
}

/* The bank was not content with the answer. */
export function askAgain(message) {
  say("prompt-problem", message);
  const field = form.querySelector("[data-kind]:not([hidden]) input:not([type=radio])");
  if (field) field.value = "";
  field?.focus();
}

export function onAnswer(act) {
  onSubmit("prompt", ({ option }) => act(answers[asked](option)));
}

const answers = {
  code: () => document.getElementById("code").value,
  options: (option) => option,
  confirm: () => "confirmed",
  question: () => document.getElementById("answer").value,
};
