/* The sandbox's stand-in for Stripe.js: opens the bank-link dialog and resolves as Stripe.js does. Test data only.
   The page around it may forbid inline styles, so everything is set through the CSSOM. */
(() => {
  "use strict";
  const ORIGIN = new URL(document.currentScript.src).origin;
  const TITLE = "Link a bank account";
  const PATIENCE_MS = 15_000;
  let open = false;

  class IntegrationError extends Error {
    name = "IntegrationError";
  }

  function styled(tag, attributes, style) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    for (const [name, value] of Object.entries(style)) element.style[name] = value;
    return element;
  }

  function overlay() {
    const dialog = styled("dialog", { "aria-label": TITLE }, {
      position: "fixed", inset: "0", width: "100%", height: "100%", maxWidth: "none", maxHeight: "none",
      margin: "0", padding: "0", border: "0", background: "rgb(14 18 28 / .58)", overflow: "hidden",
    });
    // A sheet that fills a phone and stands in the middle of anything wider; the corners are round only there.
    const frame = styled("iframe", { title: TITLE, src: `${ORIGIN}/v3/dialog/` }, {
      position: "absolute", inset: "0", margin: "auto", border: "0", background: "Canvas",
      width: "min(27rem, 100%)", height: "min(100%, 40rem + max(0px, (27.1rem - 100vw) * 999))",
      borderRadius: "clamp(0px, (100vw - 27rem) * 999, 12px)", colorScheme: "light dark",
    });
    dialog.append(frame);
    return { dialog, frame };
  }

  function failure(type, message, more = {}) {
    return { error: { type, message, ...more } };
  }

  function run(publishableKey, clientSecret) {
    const { dialog, frame } = overlay();
    const cameFrom = document.activeElement;
    const scrolling = document.documentElement.style.overflow;
    const tell = (message) => frame.contentWindow?.postMessage(message, ORIGIN);
    return new Promise((resolve) => {
      let session = null;
      let patience = setTimeout(
        () => settle(failure("api_connection_error", `The dialog at ${ORIGIN} did not answer.`)), PATIENCE_MS);

      function settle(result) {
        clearTimeout(patience);
        removeEventListener("message", listen);
        dialog.remove();
        document.documentElement.style.overflow = scrolling;
        open = false;
        if (cameFrom?.isConnected) cameFrom.focus();
        resolve(result);
      }

      function listen(event) {
        if (event.origin !== ORIGIN || event.source !== frame.contentWindow) return;
        const { link } = event.data ?? {};
        if (link === "ready") tell({ link: "start", publishableKey, clientSecret });
        if (link === "started") {
          clearTimeout(patience);
          session = event.data.session;
        }
        if (link === "result") settle(event.data.result);
      }

      // Browsers let Escape through in the end; then the person has left, and the frame only notes it.
      function forced() {
        tell({ link: "abandon" });
        patience = setTimeout(() => settle({ financialConnectionsSession: { ...session, accounts: [] } }), 2_000);
      }

      addEventListener("message", listen);
      dialog.addEventListener("cancel", (event) => {
        event.preventDefault();
        if (session) tell({ link: "escape" });
        else settle(failure("api_connection_error", "The dialog was closed before it had opened."));
      });
      dialog.addEventListener("close", forced);
      document.documentElement.style.overflow = "hidden";
      document.body.append(dialog);
      dialog.showModal();
    });
  }

  async function collect(publishableKey, options) {
    const clientSecret = options?.clientSecret;
    if (typeof clientSecret !== "string" || !clientSecret) {
      throw new IntegrationError("collectFinancialConnectionsAccounts needs { clientSecret }, a string.");
    }
    if (open) throw new IntegrationError("The bank-link dialog is already open on this page.");
    if (!clientSecret.startsWith("fcsess_client_secret_")) {
      return failure("invalid_request_error", "This is no client secret of a Financial Connections Session.", {
        code: "parameter_invalid", param: "client_secret",
      });
    }
    open = true;
    return run(publishableKey, clientSecret);
  }

  function Stripe(publishableKey) {
    if (typeof publishableKey !== "string" || !publishableKey.startsWith("pk_test_")) {
      throw new IntegrationError("Stripe() needs a publishable key; the sandbox takes those that begin with pk_test_.");
    }
    return { collectFinancialConnectionsAccounts: (options) => collect(publishableKey, options) };
  }

  Stripe.version = 3;
  window.Stripe = Stripe;
})();
