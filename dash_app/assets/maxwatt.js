/* What happens in the browser without asking the server: addresses, the drawer, the way to a part of a page. */
(function () {
  "use strict";
  /* Keep the view's choices in the address, without a new entry in the history. */
  function remember(values) {
    var query = new URLSearchParams();
    Object.keys(values).forEach(function (key) { if (values[key]) query.set(key, values[key]); });
    var text = query.toString();
    var href = window.location.pathname + (text ? "?" + text : "");
    if (href !== window.location.pathname + window.location.search) window.history.replaceState({}, "", href);
    return href;
  }

  /* ---- client side callbacks ---- */
  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.maxwatt = {
    chooseEnergy: function (range, days, group) {
      var custom = range === "custom";
      var known = (days || []).filter(Boolean);
      remember({
        range: custom ? "" : range,
        since: custom ? known[0] : "",
        until: custom ? known[known.length - 1] : "",
        by: group === "user" ? "" : group,
      });
      return [window.dash_clientside.no_update, !custom];
    },
    toggleDrawer: function (opened, navbar) {
      drawerIs(opened);
      return Object.assign({}, navbar, { collapsed: { mobile: !opened, desktop: true } });
    },
    /* A new page: its title, the mark in the navigation, the drawer closed, the keyboard at its beginning. */
    arrived: function (arrival) {
      document.title = (arrival && arrival.title) || document.title;
      markNavigation((arrival && arrival.here) || "");
      var page = document.getElementById("page");
      if (page && window.dash_clientside.maxwatt.moved) page.focus({ preventScroll: true });
      window.dash_clientside.maxwatt.moved = true;
      toAnchor();
      return false;
    },
  };

  /* Open: the keyboard goes into it. Closed by Escape: back to the button that opened it. */
  function drawerIs(opened) {
    document.getElementById("burger").setAttribute("aria-expanded", String(opened));
    if (opened) document.querySelector(".mw-drawer a").focus();
  }

  document.addEventListener("keydown", function (event) {
    var burger = document.getElementById("burger");
    if (event.key !== "Escape" || !burger || burger.getAttribute("aria-expanded") !== "true") return;
    window.dash_clientside.set_props("burger", { opened: false });
    burger.focus();
  });

  /* To the part of the page that the address names. While formulas are typeset it moves: follow, until somebody acts. */
  function toAnchor() {
    var part = null;
    try {
      part = document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
    } catch (error) {
      part = null; // the address was mangled on its way here
    }
    if (!part) return;
    var acts = ["wheel", "touchstart", "pointerdown", "keydown"];
    var watch = new ResizeObserver(function () { part.scrollIntoView(); });
    function stop() {
      watch.disconnect();
      acts.forEach(function (act) { window.removeEventListener(act, stop); });
    }
    watch.observe(document.getElementById("page"));
    acts.forEach(function (act) { window.addEventListener(act, stop, { passive: true }); });
    window.setTimeout(stop, 15000);
  }

  function markNavigation(here) {
    document.querySelectorAll(".mw-nav-link").forEach(function (link) {
      if (link.getAttribute("href") === here) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    });
  }

  /* The chart library is large: fetched while nobody waits for it, it is there when the first chart is opened. */
  window.addEventListener("load", function () {
    window.setTimeout(function () {
      if (window.Plotly || !window._dashPlotlyJSURL) return;
      var script = document.createElement("script");
      script.src = window._dashPlotlyJSURL;
      script.async = true;
      document.body.appendChild(script);
    }, 1500);
  });
})();
