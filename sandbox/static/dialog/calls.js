/* What the dialog asks the sandbox's server. The client secret travels in the body, never in an address. */

export class Refused extends Error {
  constructor(error) {
    super(error.message);
    this.error = error;
  }
}

async function answer(response) {
  const body = await response.json().catch(() => null);
  if (response.ok && body) return body;
  throw new Refused(body?.error ?? { type: "api_error", message: `The sandbox answered ${response.status}.` });
}

let secret = null;
export function use(clientSecret) {
  secret = clientSecret;
}

/* `keepalive`: the request outlives the frame, which may be gone before the answer comes. */
export async function call(path, body = {}) {
  const response = await fetch(`/v3/dialog/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...body, client_secret: secret }),
    keepalive: true,
  });
  return answer(response);
}
