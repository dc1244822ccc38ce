/* Who opened the dialog, what it asked for, and what it is told: a page that frames it, or nobody but an address. */

const HOSTED = "/v3/dialog/hosted/";
let origin = null;
let returnUrl = null;

/* Resolves with { order, origin }; a hosted dialog has no page, so its origin is null. */
export function start({ onEscape, onAbandon }) {
  if (location.pathname.startsWith(HOSTED)) {
    const clientSecret = decodeURIComponent(location.pathname.slice(HOSTED.length));
    return Promise.resolve({ order: { kind: "accounts", clientSecret }, origin: null });
  }
  return new Promise((resolve) => {
    addEventListener("message", (event) => {
      if (event.source !== parent || parent === window) return;
      if (origin && event.origin !== origin) return;
      const { link, order } = event.data ?? {};
      if (link === "start" && !origin) {
        origin = event.origin;
        resolve({ order, origin });
      }
      if (link === "escape" && origin) onEscape();
      if (link === "abandon" && origin) onAbandon();
    });
    // The page is not known yet, so this goes to any; it says nothing.
    parent.postMessage({ link: "ready" }, "*");
  });
}

export function started({ session, abandoned }) {
  returnUrl = session.hosted_return_url;
  if (origin) parent.postMessage({ link: "started", abandoned }, origin);
}

export function finish(result) {
  if (origin) parent.postMessage({ link: "result", result }, origin);
  else if (returnUrl) location.replace(returnUrl);
  return Boolean(origin || returnUrl);
}
