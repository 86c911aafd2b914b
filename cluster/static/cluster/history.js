// The history of the dashboard under a pointer: the values where it stands, and a zoom into what it is dragged over.
"use strict";

(() => {
  const LEAST = 6; // pixels: less is a click
  let drag = null;

  const number = (element, name) => Number(element.dataset[name]);

  // Where the pointer stands, in the units of the drawing, and the moment that stands there.
  const place = (svg, clientX) => {
    const box = svg.getBoundingClientRect();
    const [left, width] = [number(svg, "left"), number(svg, "width")];
    const x = Math.min(Math.max(((clientX - box.left) / box.width) * width, left), width);
    const share = (x - left) / (width - left);
    return { x, at: number(svg, "from") + share * (number(svg, "to") - number(svg, "from")) };
  };

  const draw = (svg, from, to) => {
    const cursor = svg.querySelector(".cursor");
    const [rect, text] = cursor.children;
    cursor.removeAttribute("hidden");
    rect.setAttribute("x", Math.min(from.x, to.x));
    rect.setAttribute("width", Math.max(Math.abs(to.x - from.x), 1));
    text.setAttribute("x", to.x);
    text.textContent = new Date(to.at * 1000).toISOString().slice(11, 19);
  };

  // The value of a line at x: of its nearest point, if one is near.
  const value = (polylines, x, scale) => {
    let nearest = null;
    for (const line of polylines) {
      for (const point of line.points) {
        if (!nearest || Math.abs(point.x - x) < Math.abs(nearest.x - x)) nearest = point;
      }
    }
    if (!nearest || Math.abs(nearest.x - x) > 6) return "no data";
    const share = (number(scale, "base") - nearest.y) / (number(scale, "base") - number(scale, "y"));
    const found = share * number(scale, "top");
    return found.toLocaleString("en", { maximumFractionDigits: found < 100 ? 1 : 0 });
  };

  const show = (svg, x) => {
    for (const scale of svg.querySelectorAll("text.value")) {
      scale.dataset.last ??= scale.textContent;
      const lines = Map.groupBy
        ? Map.groupBy(svg.querySelectorAll(`[data-plot="${scale.dataset.y}"]`), (line) => line.dataset.label)
        : new Map();
      if (lines.size) scale.textContent = [...lines].map(([label, all]) => `${label} ${value(all, x, scale)}`).join(" · ");
    }
  };

  const leave = (svg) => {
    svg.querySelector(".cursor").setAttribute("hidden", "");
    for (const scale of svg.querySelectorAll("text.value")) {
      if (scale.dataset.last !== undefined) scale.textContent = scale.dataset.last;
    }
  };

  const history = (event) => (event.target.closest ? event.target.closest("svg.history[data-from]") : null);

  document.addEventListener("pointerdown", (event) => {
    const svg = history(event);
    if (svg && event.button === 0 && event.pointerType !== "touch") drag = { svg, clientX: event.clientX };
  });
  document.addEventListener("pointermove", (event) => {
    const svg = drag ? drag.svg : history(event);
    if (!svg) return;
    const to = place(svg, event.clientX);
    draw(svg, drag ? place(svg, drag.clientX) : to, to);
    show(svg, to.x);
  });
  document.addEventListener("pointerout", (event) => {
    const svg = history(event);
    if (svg && !drag && !svg.contains(event.relatedTarget)) leave(svg);
  });
  document.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const { svg, clientX } = drag;
    drag = null;
    leave(svg);
    if (Math.abs(event.clientX - clientX) < LEAST) return;
    const [from, to] = [place(svg, clientX).at, place(svg, event.clientX).at].sort((a, b) => a - b);
    const query = `?from=${Math.floor(from)}&to=${Math.ceil(to)}`;
    const address = document.getElementById("hour").getAttribute("hx-get").split("?")[0];
    window.htmx.ajax("GET", address + query, { target: "#hour", swap: "outerHTML" });
    window.history.replaceState(window.history.state, "", query);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !drag) return;
    leave(drag.svg);
    drag = null;
  });

  // What is under the pointer is not drawn anew.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id === "hour" && drag) event.detail.shouldSwap = false;
  });
})();
