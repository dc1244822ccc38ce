/* What the dialog asks the sandbox's server. The client secret travels in the body, never in an address. */

export class Refused extends Error {
  constructor(error) {
    super(error.message);
    this.error = error;
  }
}

/* `keepalive`: the request outlives the frame, which may be gone before the answer comes. */
export async function post(address, body = {}) {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(address, { method: "POST", headers, body: JSON.stringify(body), keepalive: true });
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  throw new Refused(answer?.error ?? { type: "api_error", message: `The sandbox answered ${response.status}.` });
}

let secret = null;
export function use(clientSecret) {
  secret = clientSecret;
}

export function call(path, body = {}) {
  return post(`/v3/dialog/${path}`, { ...body, client_secret: secret });
}
