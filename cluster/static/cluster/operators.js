// What the pages of the operators need besides htmx: one announcement a change, icons that are not read aloud,
// buttons that copy, single keys where a page offers them.
"use strict";

(() => {
  const told = new Map();

  // Parts are fetched again every few seconds; a screen reader hears of them only when their words have changed.
  const announce = () => {
    const region = document.getElementById("announcement");
    for (const part of document.querySelectorAll("[data-announce]")) {
      const words = part.textContent.replace(/\s+/g, " ").trim();
      const known = told.get(part.dataset.announce);
      told.set(part.dataset.announce, words);
      if (region && known !== undefined && known !== words) region.textContent = words;
    }
  };

  // An icon is a ligature: its name would be read before the words beside it.
  const hideIcons = () => {
    for (const icon of document.querySelectorAll(".material-symbols-outlined:not([aria-hidden])")) {
      const owner = icon.closest("a, button");
      const words = icon.textContent.trim();
      const alone = owner && !owner.hasAttribute("aria-label") && owner.textContent.trim() === words;
      if (alone) owner.setAttribute("aria-label", owner.title || words.replaceAll("_", " "));
      icon.setAttribute("aria-hidden", "true");
    }
  };

  // A table that is wider than the page scrolls in itself: by keys, it needs the focus for that.
  const reachTables = () => {
    for (const table of document.querySelectorAll(".ops table")) {
      if (table.scrollWidth > table.clientWidth) table.tabIndex = 0;
      else table.removeAttribute("tabindex");
    }
  };
  window.addEventListener("resize", reachTables);

  const refresh = () => {
    hideIcons();
    reachTables();
    announce();
  };
  // What has not changed is left as it is, with the focus and the selection in it.
  const shown = new WeakMap();
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, serverResponse } = event.detail;
    if (shown.get(target) === serverResponse) event.detail.shouldSwap = false;
    else shown.set(target, serverResponse);
  });
  // Without a clipboard (a page that came without TLS) what is to be copied is selected instead.
  const copy = async (button) => {
    const text = button.dataset.copy;
    const shown = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      const beside = [...button.parentElement.querySelectorAll("code")].find((one) => one.textContent === text);
      if (beside) window.getSelection().selectAllChildren(beside);
      button.textContent = "Press Ctrl+C";
    }
    setTimeout(() => (button.textContent = shown), 2000);
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });

  // Single keys, where a page offers them: they press a button, follow a link, or go to a field. Whoever dictates or
  // strays over keys turns them off; the browser remembers it.
  const OFF = "shortcuts-off";
  document.addEventListener("DOMContentLoaded", () => {
    const box = document.getElementById("shortcuts");
    if (!box) return;
    box.checked = localStorage.getItem(OFF) === null;
    box.addEventListener("change", () => (box.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")));
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
    if (typing || event.ctrlKey || event.altKey || event.metaKey || event.key.length > 1) return;
    const found = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!found || localStorage.getItem(OFF) !== null) return;
    event.preventDefault();
    if (found.matches("input")) found.focus();
    else found.click();
  });

  document.addEventListener("DOMContentLoaded", refresh);
  document.addEventListener("htmx:afterSettle", refresh);
})();
