/* Figures and texts as people read them, in the language of the page. */
(function (parts) {
  "use strict";
  const NBSP = "\u00a0";
  const esc = (text) => String(text ?? "").replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
  /* texts of the catalogue: plain, or as markup around gaps that are markup already */
  let texts = {};
  const speak = (own) => { texts = own; };
  const fill = (text, gaps) => text.replace(/\{(\w+)\}/g, (_, name) => gaps[name]);
  const t = (key, gaps = {}) => fill(texts[key], gaps);
  const T = (key, gaps = {}) => fill(esc(texts[key]), gaps);
  const known = (x) => x !== null && x !== undefined && !Number.isNaN(x);
  const num = (x, digits = 3) => {
    if (!known(x)) return "–";
    if (x === 0) return "0";
    if (Math.abs(x) >= 10 ** (digits - 1)) return Math.round(x).toLocaleString("en-GB");
    return Number(x.toPrecision(digits)).toLocaleString("en-GB", { maximumFractionDigits: 6 });
  };
  const heat = (mwh) => Math.abs(mwh) >= 10000 ? `${num(mwh / 1000)} GWh/a` : `${num(mwh)} MWh/a`;
  const power = (kw) => Math.abs(kw) >= 1000 ? `${num(kw / 1000)} MW` : `${num(kw)} kW`;
  const euro = (x) => {
    if (!known(x)) return "–";
    if (Math.abs(x) >= 1e6) return `${num(x / 1e6)} M EUR`;
    const whole = Math.abs(x) >= 1e4 ? Math.round(x / 1000) * 1000 : Math.round(x);
    return `${whole.toLocaleString("en-GB")} EUR`;
  };
  const percent = (x) => `${num(100 * x, 2)} %`;
  const metres = (m) => m >= 1000 ? `${num(m / 1000)} km` : `${num(m)} m`;
  const area = (m2) => m2 >= 1e5 ? `${num(m2 / 1e6)} km²` : `${num(m2)} m²`;
  const sentence = (text) => esc(text.charAt(0).toUpperCase() + text.slice(1));
  const rows = (pairs) => `<table>${pairs.filter(([, v]) => v !== "" && v !== null)
    .map(([k, v]) => `<tr><th scope="row">${k}</th><td>${v}</td></tr>`).join("")}</table>`;
  const pop = (title, state, pairs, notes) => `<div class="pop"><h4>${title}</h4>` +
    `<p class="state">${state}</p>${rows(pairs)}` +
    notes.filter(Boolean).map((note) => `<p class="note">${note}</p>`).join("") + "</div>";
  parts.words = { NBSP, speak, t, T, esc, known, num, heat, power, euro, percent, metres, area, sentence, rows, pop };
})(window.sitingParts = window.sitingParts || {});
