/* Where this visit stands: the bank chosen, what it offers, and how the session ends if the person leaves now. */
export const visit = { bank: null, offered: null, ending: "cancel", result: null };
