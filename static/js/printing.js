// A button that prints the page (data-print), also when htmx has put it there.
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-print]")) print();
});
