/* A slider over a list of states, with a picture of where each of them stands.

   It knows nothing of heat or money: each state has a place `at`, a `height` and a `label`; the
   settings have the names of both axes and, if there is one, a ceiling that no state can cross. */
(function (parts) {
  "use strict";
  const { t, T, esc, num } = parts.words;
  const SIDE = 8, TOP = 6;

  parts.slider = (states, settings, show) => {
    const box = document.querySelector(".slider");
    const range = box.querySelector("input"), said = box.querySelector(".said"), chart = box.querySelector("svg");
    const [back, next, home] = [".back", ".next", ".home"].map((name) => box.querySelector(name));
    const run = Math.max(0, states.findIndex((each) => each.run));
    const ats = states.map((each) => each.at), low = Math.min(...ats), high = Math.max(...ats);
    const ceiling = settings.ceiling || [];
    let now = run, tall = 64;
    const x = (at, wide) => SIDE + (wide - 2 * SIDE) * (high > low ? (at - low) / (high - low) : 0.5);
    const top = Math.max(...states.map((each) => each.height), 1e-9) * 1.12;
    const y = (height) => tall - (tall - TOP) * Math.min(1, Math.max(0, height / top));

    const draw = () => {
      const wide = Math.max(chart.clientWidth, 100);
      tall = Math.max(chart.clientHeight, 24);
      document.documentElement.style.setProperty("--slider", `${box.offsetHeight}px`);
      chart.setAttribute("viewBox", `0 0 ${wide} ${tall}`);
      const line = ceiling.map(([at, height]) => `${x(at, wide).toFixed(1)},${y(height).toFixed(1)}`).join(" ");
      const shade = ceiling.length ? `<polygon class="beyond" points="${SIDE},0 ${line} ${wide - SIDE},0"/><polyline class="ceiling" points="${line}"/>` : "";
      const dots = states.map((each, k) => {
        const look = `${k === now ? "now" : ""} ${each.run ? "run" : ""}`;
        const [px, py] = [x(each.at, wide), y(each.height)];
        const mark = each.run ? `<path d="M${px} ${py - 7}l2 4.6 5 .4-3.8 3.3 1.2 4.9-4.4-2.7-4.4 2.7 1.2-4.9-3.8-3.3 5-.4z"/>`
          : `<circle cx="${px}" cy="${py}" r="${k === now ? 5.5 : 3.6}"/>`;
        return `<g class="${look}" data-k="${k}"><title>${esc(each.label)}</title><circle class="reach" cx="${px}" cy="${py}" r="11"/>${mark}</g>`;
      }).join("");
      const here = x(states[now].at, wide);
      chart.innerHTML = `${shade}<line class="here" x1="${here}" x2="${here}" y1="${tall}" y2="${y(states[now].height)}"/>${dots}`;
    };
    const tell = () => {
      const each = states[now];
      range.value = each.at;
      const count = { number: now + 1, count: states.length };
      range.setAttribute("aria-valuetext", `${t("stop_said", { ...count, stop: each.label })}${each.run ? `, ${settings.runName}` : ""}`);
      said.innerHTML = `<b>${T("stop_of", { ...count, stop: esc(settings.stopName) })}</b> ${esc(each.label)}${each.run ? ` <mark>${esc(settings.runName)}</mark>` : ""}`;
      back.disabled = now === 0;
      next.disabled = now === states.length - 1;
      home.hidden = now === run;
      draw();
    };
    const go = (k) => {
      const wanted = Math.max(0, Math.min(states.length - 1, k));
      if (wanted === now) { tell(); return; }
      now = wanted;
      tell();
      show(now);
    };
    const nearest = (at) => ats.reduce((best, each, k) => Math.abs(each - at) < Math.abs(ats[best] - at) ? k : best, 0);

    if (states.length > 1) {
      box.hidden = false;
      document.documentElement.classList.add("slides");
      const [first, , last] = box.querySelectorAll(".ends span");
      first.textContent = `${num(low)} ${settings.unit}`;
      last.textContent = `${num(high)} ${settings.unit}`;
      range.min = low; range.max = high; range.step = "any";
      range.addEventListener("input", () => go(nearest(Number(range.value))));
      range.addEventListener("keydown", (e) => {
        const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -3, PageUp: 3, Home: -states.length, End: states.length }[e.key];
        if (step === undefined) return;
        e.preventDefault();
        go(now + step);
      });
      back.addEventListener("click", () => go(now - 1));
      next.addEventListener("click", () => go(now + 1));
      home.addEventListener("click", () => { go(run); range.focus(); });
      chart.addEventListener("click", (e) => { const dot = e.target.closest("[data-k]"); if (dot) go(Number(dot.dataset.k)); });
      window.addEventListener("resize", draw);
      tell();
    }
    return { go, now: () => now, run, draw: () => { if (states.length > 1) draw(); } };
  };
})(window.sitingParts = window.sitingParts || {});
