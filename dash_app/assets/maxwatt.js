/* What happens in the browser without asking the server: cells of the job grid, addresses, the drawer. */
(function () {
  "use strict";
  var NARROW = 720;
  var JOB_FILTERS = ["state", "user", "account", "partition", "q"];
  var WIDE_COLUMNS = ["partition", "node_count", "start_ms", "cpu_efficiency", "memory_efficiency", "co2_g"];
  var MIDDLE_COLUMNS = ["user", "elapsed_s"];

  var PLAIN_WIDTHS = [{ colId: "job_id", width: 118 }, { colId: "state", width: 144 }, { colId: "energy_j", width: 92 }];
  var NARROW_WIDTHS = [{ colId: "job_id", width: 74 }, { colId: "state", width: 68 }, { colId: "energy_j", width: 76 }];

  /* The path below which the app lives, such as /services/maxwatt; and an address without it, as the server names pages. */
  var BASE = JSON.parse(document.getElementById("_dash-config").textContent).requests_pathname_prefix.replace(/\/$/, "");
  function ownPath(pathname) { return pathname.indexOf(BASE) === 0 ? pathname.slice(BASE.length) || "/" : pathname; }

  function element() { return React.createElement.apply(React, arguments); }

  /* Go to an address without loading the page anew, as dcc.Link does. */
  function go(href) {
    window.history.pushState({}, "", href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  }

  /* Keep the view's choices in the address, without a new entry in the history. */
  function remember(values) {
    var query = new URLSearchParams();
    Object.keys(values).forEach(function (key) { if (values[key]) query.set(key, values[key]); });
    var text = query.toString();
    var href = window.location.pathname + (text ? "?" + text : "");
    if (href !== window.location.pathname + window.location.search) window.history.replaceState({}, "", href);
    return href;
  }

  function withGrid(use) {
    if (document.getElementById("jobs-grid")) dash_ag_grid.getApiAsync("jobs-grid").then(use);
  }

  /* ---- cells of the grid: text only, never HTML ---- */
  var cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});

  cells.JobLink = function (props) {
    if (!props.data) return element("span", { className: "mw-cell-wait" });
    function click(event) {
      if (!(event.ctrlKey || event.metaKey || event.shiftKey || event.button)) event.preventDefault();
    }
    return element("a", { href: props.data.href, className: "mw-job-link", onClick: click, tabIndex: -1 }, props.value);
  };

  cells.StateBadge = function (props) {
    if (!props.value) return null;
    var narrow = window.innerWidth < NARROW;
    return element("span", { className: "mw-state mw-state-" + props.value.kind, title: props.value.text },
      narrow ? element("abbr", { "aria-label": props.value.text }, props.value.code) : props.value.text);
  };

  cells.UseBar = function (props) {
    var value = props.value;
    if (!value) return null;
    var track = element("span", { className: "mw-mini mw-mini-" + value.kind, "aria-hidden": "true" },
      element("span", { className: "mw-mini-fill", style: { width: value.width + "%" } }));
    return element("span", { className: "mw-use mw-use-" + value.kind },
      element("span", { className: "mw-use-text" }, value.text), track);
  };

  cells.Figure = function (props) {
    if (!props.value) return null;
    return element("span", { className: props.value === "unknown" ? "mw-unknown" : "" }, props.value);
  };

  /* ---- what the grid calls ---- */
  var calls = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});

  calls.openJob = function (params) {
    var event = params.event || {};
    if (!params.data || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (String(window.getSelection())) return; // text was being marked, not a row opened
    go(params.data.href);
  };

  calls.openJobByKey = function (params) {
    if (params.data && params.event && params.event.key === "Enter") go(params.data.href);
  };

  calls.fitJobColumns = function (params) {
    var width = params.clientWidth || window.innerWidth;
    params.api.setColumnsVisible(WIDE_COLUMNS, width >= 1000);
    params.api.setColumnsVisible(MIDDLE_COLUMNS, width >= NARROW);
    var widths = width >= NARROW ? PLAIN_WIDTHS : NARROW_WIDTHS;
    params.api.applyColumnState({ state: widths.concat([{ colId: "name", flex: 3 }]) });
  };

  /* ---- client side callbacks ---- */
  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.maxwatt = {
    filterJobs: function (state, user, account, partition, q) {
      remember({ state: state, user: user, account: account, partition: partition, q: q });
      withGrid(function (api) { api.purgeInfiniteCache(); });
      return window.dash_clientside.no_update;
    },
    refreshJobs: function () {
      withGrid(function (api) { api.refreshInfiniteCache(); });
      return window.dash_clientside.no_update;
    },
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

  /* To the part of the page that the address names. While formulas are typeset it moves: follow, until somebody acts. */
  function toAnchor() {
    var part = window.location.hash && document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
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

  /* The job table's filters follow the address when somebody goes back to the plain table. */
  window.addEventListener("_dashprivate_pushstate", function () {
    if (ownPath(window.location.pathname) !== "/jobs" || !document.getElementById("jobs-q")) return;
    var query = new URLSearchParams(window.location.search);
    JOB_FILTERS.forEach(function (name) {
      window.dash_clientside.set_props("jobs-" + name, { value: query.get(name) || (name === "state" ? null : "") });
    });
  });
})();
