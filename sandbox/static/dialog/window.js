/* Sign-in in a window of the bank: opens it, hears its one word, notices when it is closed without any. */

const problem = document.getElementById("window-problem");
const state = document.getElementById("window-state");
let stopWatching = () => {};

/* Resolves with "allow", "deny" or null (closed, or blocked by the browser). Opening again forgets the last window. */
export function openBankWindow(bank) {
  stopWatching();
  problem.textContent = "";
  const opened = open(`/v3/dialog/bank/${bank.key}`, "sandbox-bank", "popup,width=440,height=640");
  if (!opened) {
    problem.textContent = "Your browser blocked the window. Allow pop-ups for this page and open it again.";
    return Promise.resolve(null);
  }
  state.textContent = `Waiting for the window of ${bank.name}.`;
  return new Promise((resolve) => watch(opened, resolve));
}

export function forgetWindow() {
  stopWatching();
  state.textContent = "";
}

function watch(opened, resolve) {
  const end = (word) => {
    stopWatching();
    state.textContent = "";
    resolve(word);
  };
  const hear = (event) => {
    if (event.origin === location.origin && event.source === opened) end(event.data.bankWindow);
  };
  const look = setInterval(() => {
    if (!opened.closed) return;
    end(null);
    problem.textContent = "The window was closed before you allowed access. Nothing was shared.";
  }, 400);
  addEventListener("message", hear);
  stopWatching = () => {
    clearInterval(look);
    removeEventListener("message", hear);
  };
}
