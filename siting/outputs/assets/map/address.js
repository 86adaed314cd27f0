/* The state of the page in its address, so that a link opens what is seen now. */
(function (parts) {
  "use strict";
  const written = (state) => "#" + Object.entries(state).filter(([, v]) => v !== "" && v !== null && v !== undefined)
    .map(([k, v]) => `${k}=${encodeURIComponent(v).replace(/%2C/g, ",").replace(/%3A/g, ":")}`).join("&");
  const read = (hash) => Object.fromEntries(hash.replace(/^#/, "").split("&").filter((each) => each.includes("=")).map((each) => {
    const at = each.indexOf("=");
    try { return [each.slice(0, at), decodeURIComponent(each.slice(at + 1))]; } catch { return ["", ""]; }
  }));

  parts.address = (get, set) => {
    let own = "", waiting = null;
    const write = () => {
      own = written(get());
      /* a page inside a notebook has no address of its own */
      try { window.history.replaceState(null, "", own); } catch { /* the link button still knows it */ }
    };
    window.addEventListener("hashchange", () => { if (window.location.hash !== own) set(read(window.location.hash)); });
    return {
      start: () => { if (window.location.hash.length > 1) set(read(window.location.hash)); },
      changed: () => { clearTimeout(waiting); waiting = setTimeout(write, 120); },
      link: () => { write(); return window.location.href.split("#")[0] + own; },
    };
  };
})(window.sitingParts = window.sitingParts || {});
