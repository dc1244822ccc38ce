/* Sign-in in a window of the bank. A browser's window says its word and closes; out of an app it opens elsewhere, comes
   back through the app's link, and the server is asked what was said. */

import { call } from "./calls.js";
import { say } from "./screens.js";
import { visit } from "./visit.js";

const LOOK_MS = 400;
const ASK_MS = 1_000;
let stopWatching = () => {};
let prepared = null;

const inApp = () => Boolean(visit.opened.session.return_url);

/* Ahead of the press, since browsers open windows only at once. */
export async function prepareWindow() {
  prepared = await call("windows", { bank: visit.bank.key });
  say("window-way", inApp() ? "It opens outside this app and leads back here." : "It opens in a window and closes by itself.");
}

/* Resolves with { word, window }; the word is "allow", "deny" or null (closed or blocked). */
export async function openBankWindow() {
  stopWatching();
  say("window-problem", "");
  const { address, window: token } = prepared;
  const opened = inApp() ? open(address, "_blank", "noopener") : open(address, "sandbox-bank", "popup,width=440,height=640");
  if (!opened && !inApp()) {
    say("window-problem", "Your browser blocked the window. Allow pop-ups for this page and open it again.");
    return { word: null };
  }
  say("window-state", `Waiting for ${inApp() ? visit.bank.name : `the window of ${visit.bank.name}`}.`);
  const word = await (inApp() ? askUntilSaid(token) : hear(opened, token));
  say("window-state", "");
  if (word === null) say("window-problem", "The window was closed before you allowed access. Nothing was shared.");
  return { word, window: token };
}

export function forgetWindow() {
  stopWatching();
  say("window-state", "");
}

async function said(token) {
  return (await call("windows/state", { window: token }).catch(() => null))?.word ?? null;
}

function hear(opened, token) {
  return new Promise((resolve) => {
    const end = (word) => {
      stop();
      resolve(word);
    };
    const listen = (event) => {
      if (event.origin === location.origin && event.source === opened) end(event.data.bankWindow);
    };
    // A window that has closed may have said its word too late to be heard here.
    const look = setInterval(async () => {
      if (!opened.closed) return;
      stop();
      end(await said(token));
    }, LOOK_MS);
    const stop = () => {
      clearInterval(look);
      removeEventListener("message", listen);
    };
    addEventListener("message", listen);
    stopWatching = stop;
  });
}

function askUntilSaid(token) {
  return new Promise((resolve) => {
    const ask = async () => {
      const word = await said(token);
      if (!word) return;
      stopWatching();
      resolve(word);
    };
    const asking = setInterval(ask, ASK_MS);
    document.addEventListener("visibilitychange", ask);
    stopWatching = () => {
      clearInterval(asking);
      document.removeEventListener("visibilitychange", ask);
    };
  });
}
