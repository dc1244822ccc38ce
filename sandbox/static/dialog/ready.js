/* Shows the page once its style is there: browsers may draw it bare before that, and then everything jumps. */

if (document.readyState !== "complete") await new Promise((loaded) => addEventListener("load", loaded, { once: true }));
document.body.hidden = false;
