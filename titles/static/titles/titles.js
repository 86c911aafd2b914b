// Keys and the state of a save. Every page works without this file.
(() => {
  "use strict";

  const typing = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;

  // Until a page has been answered its buttons say so; a second press is the same write anyway.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-saves]")) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    const button = form.querySelector("button");
    button.setAttribute("aria-disabled", "true");
    button.textContent = "Saving …";
  });

  // Back from the next page, the form can be sent again.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") {
      const form = document.querySelector("form[data-saves]");
      if (form === null) return;
      event.preventDefault();
      form.requestSubmit();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "/") {
      const search = document.getElementById("search");
      event.preventDefault();
      if (search === null) window.location.assign("/#search");
      else { search.focus(); search.select(); }
    } else if (event.key === "e") {
      const edit = document.querySelector("[data-key='e']");
      if (edit !== null) edit.click();
    }
  });

  // A part that is fetched again and has not changed is left alone: a screen reader would announce it once more.
  const shown = new WeakMap();
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, serverResponse } = event.detail;
    if (target.getAttribute("role") !== "status") return;
    const before = shown.get(target) ?? target.innerHTML;
    shown.set(target, serverResponse);
    if (before.trim() === serverResponse.trim()) event.detail.shouldSwap = false;
  });

  if (window.location.hash === "#search") document.getElementById("search")?.focus();
})();
