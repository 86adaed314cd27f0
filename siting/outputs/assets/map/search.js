/* Find a site or zone by name or id, with the keyboard alone if wanted. */
(function (parts) {
  "use strict";
  const { t, T, esc } = parts.words;
  const SHOWN = 8;

  parts.search = (items, show) => {
    const box = L.DomUtil.create("div", "search");
    box.innerHTML = '<input class="card" type="search" role="combobox" aria-expanded="false" aria-controls="found" aria-autocomplete="list"'
      + ' autocomplete="off"><ul class="card" id="found" role="listbox"></ul>';
    const [input, list] = [box.firstChild, box.lastChild];
    input.placeholder = t("find");
    input.setAttribute("aria-label", t("find"));
    list.setAttribute("aria-label", t("found"));
    const kinds = { site: T("found_site"), zone: T("found_zone") };
    L.DomEvent.disableClickPropagation(box).disableScrollPropagation(box);
    let hits = [], at = -1;
    const mark = (k) => {
      at = k;
      list.querySelectorAll("li").forEach((each, n) => { each.classList.toggle("at", n === k); each.setAttribute("aria-selected", n === k); });
      if (k >= 0) input.setAttribute("aria-activedescendant", `found-${k}`); else input.removeAttribute("aria-activedescendant");
    };
    const close = () => { list.innerHTML = ""; hits = []; mark(-1); input.setAttribute("aria-expanded", "false"); };
    const pick = (item) => { close(); input.value = item.name; show(item); };
    input.addEventListener("input", () => {
      const want = input.value.trim().toLowerCase();
      const fit = want ? items.filter((each) => each.key.includes(want)) : [];
      hits = [...fit.filter((each) => each.key.startsWith(want)), ...fit.filter((each) => !each.key.startsWith(want))].slice(0, SHOWN);
      list.innerHTML = hits.map((each, n) => `<li role="option" id="found-${n}" data-n="${n}">${esc(each.name)} <small>${kinds[each.kind]} ${each.name === each.id ? "" : esc(each.id)}</small></li>`).join("")
        || (want ? `<li class="none"><small>${T("found_nothing")}</small></li>` : "");
      input.setAttribute("aria-expanded", String(Boolean(want)));
      mark(hits.length ? 0 : -1);
    });
    input.addEventListener("keydown", (e) => {
      if (e.key === "Enter" && hits.length) { pick(hits[Math.max(0, at)]); e.preventDefault(); }
      if (e.key === "Escape") { input.value = ""; close(); }
      if ((e.key === "ArrowDown" || e.key === "ArrowUp") && hits.length) {
        mark((at + (e.key === "ArrowDown" ? 1 : hits.length - 1)) % hits.length);
        e.preventDefault();
      }
    });
    list.addEventListener("click", (e) => { const li = e.target.closest("li[data-n]"); if (li) pick(hits[Number(li.dataset.n)]); });
    const control = L.control({ position: "topright" });
    control.onAdd = () => box;
    return control;
  };
})(window.sitingParts = window.sitingParts || {});
