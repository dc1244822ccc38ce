/* The sandbox's stand-in for Stripe.js: opens the bank-link dialog, asks the API with a publishable key, and resolves
   as Stripe.js does. Test data only. The page around it may forbid inline styles, so all goes through the CSSOM. */
(() => {
  "use strict";
  const ORIGIN = new URL(document.currentScript.src).origin;
  const TITLE = "Link a bank account";
  const PATIENCE_MS = 15_000;
  const STRIPE_OPTIONS = ["apiVersion", "betas", "developerTools", "locale", "maxNetworkRetries", "stripeAccount"];
  const INTENTS = {
    payment: { path: "payment_intents", key: "paymentIntent", form: /^pi_\w+_secret_\w+$/ },
    setup: { path: "setup_intents", key: "setupIntent", form: /^seti_\w+_secret_\w+$/ },
  };
  let open = false;

  class IntegrationError extends Error {
    name = "IntegrationError";
  }

  function failure(type, message, more = {}) {
    return { error: { type, message, ...more } };
  }

  /* What a caller got wrong in the code is thrown; what went wrong at run time is an answer. */
  function options(method, given, accepted) {
    if (given === null || typeof given !== "object" || Array.isArray(given)) {
      throw new IntegrationError(`Invalid value for ${method}: value should be an object. You specified: ${given}.`);
    }
    const unknown = Object.keys(given).find((name) => !accepted.includes(name));
    if (unknown) throw new IntegrationError(`Invalid ${method} parameter: ${unknown} is not an accepted parameter.`);
    return given;
  }

  function intentSecret(method, kind, secret) {
    if (typeof secret === "string" && INTENTS[kind].form.test(secret)) return secret;
    throw new IntegrationError(
      `Invalid value for ${method} intent secret: value should be a client secret of the form \${id}_secret_\${secret}.`);
  }

  // The API

  function* fields(value, name = "") {
    if (value === undefined || value === null) return;
    if (typeof value !== "object") return yield [name, String(value)];
    for (const [key, inner] of Object.entries(value)) yield* fields(inner, name ? `${name}[${key}]` : key);
  }

  async function ask(stripe, verb, path, params) {
    const form = new URLSearchParams([...fields(params)]);
    const headers = { Authorization: `Bearer ${stripe.key}` };
    if (stripe.apiVersion) headers["Stripe-Version"] = stripe.apiVersion;
    try {
      const address = `${ORIGIN}/v1/${path}${verb === "GET" ? `?${form}` : ""}`;
      const answer = await fetch(address, { method: verb, headers, body: verb === "GET" ? undefined : form });
      const body = await answer.json();
      return answer.ok ? { body } : { error: body.error };
    } catch {
      return failure("api_connection_error", `We could not reach the sandbox at ${ORIGIN}.`);
    }
  }

  async function onIntent(stripe, kind, secret, verb, action, params = {}) {
    const { path, key } = INTENTS[kind];
    const place = `${path}/${secret.split("_secret_")[0]}${action}`;
    const { body, error } = await ask(stripe, verb, place, { client_secret: secret, ...params });
    return error ? { error } : { [key]: body };
  }

  function confirmation(method, data) {
    const { payment_method: given, ...rest } = options(method, data, [
      "allow_redisplay", "expand", "mandate", "mandate_data", "off_session", "payment_method", "receipt_email",
      "return_url", "setup_future_usage", "shipping",
    ]);
    const online = { customer_acceptance: { type: "online", online: { infer_from_client: true } } };
    if (!rest.mandate && !rest.mandate_data) rest.mandate_data = online;
    if (typeof given === "string") rest.payment_method = given;
    else if (given) rest.payment_method_data = { type: "us_bank_account", ...given };
    return rest;
  }

  // The dialog

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
      width: "min(27rem, 100%)", height: "min(100%, 42.5rem + max(0px, (27.1rem - 100vw) * 999))",
      borderRadius: "clamp(0px, (100vw - 27rem) * 999, 12px)", colorScheme: "light dark",
    });
    dialog.append(frame);
    return { dialog, frame };
  }

  /* `order` is what the dialog is opened for: its kind, the client secret, and the parameters of the method to make. */
  function run(stripe, order) {
    if (open) throw new IntegrationError("The bank-link dialog is already open on this page.");
    open = true;
    const { dialog, frame } = overlay();
    const cameFrom = document.activeElement;
    const scrolling = document.documentElement.style.overflow;
    const tell = (message) => frame.contentWindow?.postMessage(message, ORIGIN);
    return new Promise((resolve) => {
      let abandoned = null;
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
        if (link === "ready") tell({ link: "start", order: { ...order, key: stripe.key } });
        if (link === "started") {
          clearTimeout(patience);
          abandoned = event.data.abandoned;
        }
        if (link === "result") settle(event.data.result);
      }

      // Browsers let Escape through in the end; then the person has left, and the frame only notes it.
      function forced() {
        tell({ link: "abandon" });
        patience = setTimeout(() => settle(abandoned), 2_000);
      }

      addEventListener("message", listen);
      dialog.addEventListener("cancel", (event) => {
        event.preventDefault();
        if (abandoned) tell({ link: "escape" });
        else settle(failure("api_connection_error", "The dialog was closed before it had opened."));
      });
      dialog.addEventListener("close", forced);
      document.documentElement.style.overflow = "hidden";
      document.body.append(dialog);
      dialog.showModal();
    });
  }

  async function collectFromSession(stripe, kind, method, given) {
    const { clientSecret } = options(method, given ?? {}, ["clientSecret"]);
    if (typeof clientSecret !== "string" || !clientSecret) {
      throw new IntegrationError(`Missing value for ${method}: clientSecret should be a string.`);
    }
    if (!clientSecret.startsWith("fcsess_client_secret_")) {
      return failure("invalid_request_error", "This is no client secret of a Financial Connections Session.", {
        code: "parameter_invalid", param: "client_secret",
      });
    }
    return run(stripe, { kind, clientSecret });
  }

  async function collectForIntent(stripe, kind, method, given) {
    const { clientSecret, params, expand = [] } = options(method, given ?? {}, ["clientSecret", "params", "expand"]);
    intentSecret(method, kind, clientSecret);
    options(`${method} params`, params, ["payment_method_type", "payment_method_data"]);
    if (params.payment_method_type !== "us_bank_account") {
      throw new IntegrationError(`Invalid value for ${method} payment_method_type: value should be us_bank_account.`);
    }
    return run(stripe, { kind, clientSecret, params, expand });
  }

  // The object that a page gets

  function methodsOfIntents(stripe, kind, Noun) {
    const named = (verb) => `stripe.${verb}`;
    return {
      [`collectBankAccountFor${Noun}`]: (given) =>
        collectForIntent(stripe, kind, named(`collectBankAccountFor${Noun}`), given),
      async [`confirmUsBankAccount${Noun}`](secret, data = {}) {
        const method = named(`confirmUsBankAccount${Noun}`);
        intentSecret(method, kind, secret);
        return onIntent(stripe, kind, secret, "POST", "/confirm", confirmation(method, data));
      },
      async [`verifyMicrodepositsFor${Noun}`](secret, data = {}) {
        const method = named(`verifyMicrodepositsFor${Noun}`);
        intentSecret(method, kind, secret);
        const said = options(method, data, ["amounts", "descriptor_code"]);
        return onIntent(stripe, kind, secret, "POST", "/verify_microdeposits", said);
      },
      async [`retrieve${Noun}Intent`](secret) {
        intentSecret(named(`retrieve${Noun}Intent`), kind, secret);
        return onIntent(stripe, kind, secret, "GET", "");
      },
    };
  }

  function publishableKey(given) {
    if (typeof given !== "string") throw new IntegrationError("Missing value for Stripe(): apiKey should be a string.");
    if (!given) throw new IntegrationError("Please call Stripe() with your publishable key. You used an empty string.");
    if (/^[sr]k_/.test(given)) {
      throw new IntegrationError("You should not use your secret key with Stripe.js. Please pass a publishable key.");
    }
    if (given.startsWith("pk_test_")) return given;
    throw new IntegrationError("The sandbox takes publishable keys that begin with pk_test_.");
  }

  function Stripe(key, given = {}) {
    const { apiVersion } = options("Stripe()", given, STRIPE_OPTIONS);
    const stripe = { key: publishableKey(key), apiVersion };
    return {
      collectFinancialConnectionsAccounts: (order) =>
        collectFromSession(stripe, "accounts", "stripe.collectFinancialConnectionsAccounts", order),
      collectBankAccountToken: (order) => collectFromSession(stripe, "token", "stripe.collectBankAccountToken", order),
      ...methodsOfIntents(stripe, "payment", "Payment"),
      ...methodsOfIntents(stripe, "setup", "Setup"),
      // The loader in npm's @stripe/stripe-js names itself to every Stripe.js that it loads.
      _registerWrapper() {},
      registerAppInfo() {},
    };
  }

  Stripe.version = 3;
  window.Stripe = Stripe;
})();
