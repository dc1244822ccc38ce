/* Where this visit stands: what it is for, the bank chosen, what it offers, and how it ends if the person leaves now. */
export const visit = { opened: null, bank: null, offered: null, ending: "cancel", result: null };

export const paying = () => ["payment", "setup"].includes(visit.opened.purpose.kind);
