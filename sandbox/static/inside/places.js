/* The parts of the page: their names, what they say when empty, and what narrows them down. */

const METHODS = ["GET", "POST", "DELETE"];
const STATES = [
  "requires_payment_method", "requires_confirmation", "requires_action", "processing", "succeeded", "canceled",
];
const BANK_ONLY = "-d 'allowed_payment_method_types[]=us_bank_account'";
const PERMISSIONS = "-d 'permissions[]=balances' -d 'permissions[]=transactions'";
const HOLDER = "-d 'account_holder[type]=customer' -d 'account_holder[customer]=cus_…'";

const api = (call) => `curl -u sk_test_sandbox: ${location.origin}/v1/${call}`;

export const PLACES = {
  overview: { title: "Overview" },
  customers: {
    title: "Customers",
    empty: ["No customer yet. The application makes one at sign-up; so does this:",
      () => api("customers -d email=ana@example.com -d name=Ana")],
  },
  accounts: {
    title: "Bank accounts",
    empty: ["No bank account is linked. Link one in the application, or open a session and complete it here:",
      () => api(`financial_connections/sessions ${HOLDER} ${PERMISSIONS}`)],
  },
  payments: {
    title: "Payments",
    empty: ["No payment yet. Pay a bill in the application, or begin one here:",
      () => api(`payment_intents -d amount=8450 -d currency=usd ${BANK_ONLY}`)],
    filters: [{ name: "state", label: "State", options: STATES }],
  },
  permissions: {
    title: "Permissions",
    lead: "Setup intents, and the mandates that they and payments left behind.",
    empty: ["Nobody has allowed a debit yet. A setup intent or a confirmed payment leaves a mandate here:",
      () => api(`setup_intents ${BANK_ONLY}`)],
  },
  events: {
    title: "Events",
    empty: ["Nothing has happened yet. Every change of state writes an event; a new customer is one:",
      () => api("customers -d name=Ana")],
    filters: [{ name: "type", label: "Type", hint: "payment_intent.succeeded" }],
  },
  deliveries: {
    title: "Deliveries",
    empty: ["Nothing was sent. Say where events go, and make one happen:",
      () => `curl -X PUT ${location.origin}/sandbox/webhook -d '{"url": "http://localhost:8000/webhooks/stripe/"}'`],
    filters: [{ name: "failed", label: "Failed only", toggles: true }],
  },
  requests: {
    title: "Requests",
    empty: ["Nobody has called yet. Point an SDK's API base here, or try:", () => api("customers")],
    filters: [
      { name: "errors", label: "Errors only", toggles: true },
      { name: "method", label: "Method", options: METHODS },
      { name: "path", label: "Path contains", hint: "/confirm" },
    ],
  },
  controls: { title: "Clock and faults" },
};
