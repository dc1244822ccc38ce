// Says in words why a passkey did not work: allauth's scripts report it as an event.
const WORDS = {
  NotAllowedError: "No passkey was used: it was cancelled, or it took too long. Try again, or sign in another way.",
  InvalidStateError: "This device or key is registered already.",
  SecurityError: "Passkeys do not work at this address. Open this page at the address that its operator gave you.",
};

document.addEventListener("allauth.error", (event) => {
  const place = document.querySelector("[data-passkey-words]");
  if (!place) return;
  event.preventDefault();
  place.textContent = WORDS[event.detail.exception?.name] ?? "The passkey could not be used. Try again, or sign in another way.";
  place.hidden = false;
});
