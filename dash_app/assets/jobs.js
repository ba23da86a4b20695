/* The job table in the browser: cells, keyboard, which columns fit, and the address that the filters make. */
(function () {
  "use strict";
  var NARROW = 720;
  var WIDE = 1000;
  var ALWAYS = ["job_id", "name"];
  var ON_NARROW = ["job_id", "name", "state", "energy_j"];
  var FROM_WIDE = ["partition", "node_count", "start_ms", "cpu_efficiency", "memory_efficiency", "co2_g"];
  var PLAIN_WIDTHS = [{ colId: "job_id", width: 128 }, { colId: "state", width: 144 }, { colId: "energy_j", width: 92 }];
  var NARROW_WIDTHS = [{ colId: "job_id", width: 84 }, { colId: "state", width: 74 }, { colId: "energy_j", width: 84 }];
  var NARROWEST = 330;
  var NARROWEST_WIDTHS = [{ colId: "job_id", width: 74 }, { colId: "state", width: 60 }, { colId: "energy_j", width: 74 }];
  var DEFAULT_FOLD = "array";
  var chosen = null;
  var gridWidth = 0;

  function element() { return React.createElement.apply(React, arguments); }

  function withGrid(use) {
    if (document.getElementById("jobs-grid")) dash_ag_grid.getApiAsync("jobs-grid").then(use);
  }

  /* Go to an address without loading the page anew, as dcc.Link does. */
  function go(href) {
    window.history.pushState({}, "", href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  }

  /* ---- cells of the grid: text only, never HTML ---- */
  var cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});

  cells.JobLink = function (props) {
    if (!props.data) return element("span", { className: "mw-cell-wait" });
    function click(event) {
      if (!(event.ctrlKey || event.metaKey || event.shiftKey || event.button)) event.preventDefault();
    }
    var link = element("a", { href: props.data.href, className: "mw-job-link", onClick: click, tabIndex: -1,
      title: props.data.folded, "aria-label": props.data.folded ? props.value + ", " + props.data.folded : undefined },
      props.value);
    if (!props.data.several) return link;
    return element("span", { className: "mw-job-cell" }, link,
      element("span", { className: "mw-several", "aria-hidden": "true" }, props.data.several));
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
    return element("span", { className: !/[0-9]/.test(props.value) ? "mw-unknown" : "" }, props.value);
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
    gridWidth = params.clientWidth || gridWidth || window.innerWidth;
    fit(params.api);
  };

  function fit(api) {
    var width = gridWidth || window.innerWidth;
    var own = chosen && ALWAYS.concat(chosen);
    api.getColumns().forEach(function (column) {
      var id = column.getColId();
      var wanted = own ? own.indexOf(id) >= 0 : !column.getColDef().initialHide;
      var fits = width >= WIDE || (width >= NARROW ? FROM_WIDE.indexOf(id) < 0 : ON_NARROW.indexOf(id) >= 0);
      api.setColumnsVisible([id], wanted && fits);
    });
    var widths = width >= NARROW ? PLAIN_WIDTHS : width >= NARROWEST ? NARROW_WIDTHS : NARROWEST_WIDTHS;
    api.applyColumnState({ state: widths.concat([{ colId: "name", flex: 3 }]) });
  }

  /* ---- the filters and the address ---- */
  function queryOf(values) {
    var query = new URLSearchParams();
    Object.keys(values).forEach(function (name) {
      var value = values[name];
      var text = Array.isArray(value) ? value.filter(Boolean).join(",") : String(value == null ? "" : value).trim();
      if (text) query.set(name, text);
    });
    var text = query.toString();
    return text ? "?" + text : "";
  }

  /* Inputs by name to parameters: two bounds are one range, days stand for themselves. */
  function parameters(inputs) {
    var values = {};
    Object.keys(inputs).forEach(function (name) {
      var value = inputs[name];
      var bound = name.match(/^(.+)-(low|high)$/);
      if (!bound) values[name] = value;
      else if (bound[2] === "low") {
        var ends = [value, inputs[bound[1] + "-high"]].map(function (end) { return end == null ? "" : String(end); });
        values[bound[1]] = ends[0] || ends[1] ? ends.join("..") : "";
      }
    });
    var days = (values.days || []).filter(Boolean);
    if (values.range === "custom") {
      if (days.length === 2) { values.since = days[0]; values.until = days[1]; }
      values.range = "";
    }
    delete values.days;
    values.tag = String(values.tag || "").trim().split(/[\s,]+/);
    if (values.fold === DEFAULT_FOLD) values.fold = "";
    return values;
  }

  /* How far back jobs are looked at is no filter: it holds until one changes. */
  function filtersOf(search) {
    var query = new URLSearchParams(search);
    query.delete("back");
    query.sort();
    return query.toString();
  }

  function inputsNow() {
    var found = {};
    window.dash_clientside.callback_context.inputs_list.forEach(function (input) {
      found[input.id.replace("jobs-", "")] = input.value;
    });
    return found;
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.maxwattJobs = {
    filterJobs: function () {
      var inputs = inputsNow();
      var frame = document.getElementById("jobs-days-frame");
      if (frame) frame.hidden = inputs.range !== "custom";
      var search = queryOf(parameters(inputs));
      if (filtersOf(search) === filtersOf(window.location.search)) return window.dash_clientside.no_update;
      window.history.replaceState({}, "", window.location.pathname + search);
      return search;
    },
    readAgain: function () {
      withGrid(function (api) { api.purgeInfiniteCache(); });
      return window.dash_clientside.no_update;
    },
    refreshJobs: function () {
      withGrid(function (api) { api.refreshInfiniteCache(); });
      return window.dash_clientside.no_update;
    },
    showColumns: function (columns) {
      chosen = columns;
      withGrid(fit);
      return window.dash_clientside.no_update;
    },
  };

  /* Give the inputs the values that an address has: `{}` clears them all. */
  function fill(query) {
    document.querySelectorAll("[id^='jobs-']").forEach(function (part) {
      var name = part.id.replace("jobs-", "");
      var value = valueOf(name, query);
      if (value !== undefined) window.dash_clientside.set_props(part.id, { value: value });
    });
  }

  var TEXTS = ["q", "user", "account", "partition", "qos", "name", "node", "array"];
  var RANGES = ["elapsed", "energy", "waste", "cpu", "memory", "gpus"];

  function valueOf(name, query) {
    var bound = name.match(/^(.+)-(low|high)$/);
    if (bound && RANGES.indexOf(bound[1]) >= 0) {
      var end = (query.get(bound[1]) || "..").split("..")[bound[2] === "low" ? 0 : 1];
      return end === "" || end === undefined || isNaN(end) ? "" : Number(end);
    }
    if (TEXTS.indexOf(name) >= 0) return query.get(name) || "";
    if (name === "tag") return (query.get("tag") || "").replace(/,/g, " ");
    if (name === "state") return (query.get("state") || "").split(",").filter(Boolean);
    if (name === "range") return query.get("since") ? "custom" : query.get("range");
    if (name === "fold") return query.get("fold") || DEFAULT_FOLD;
    return undefined;
  }

  /* Days are the value of an input that has no element of its own id: set by name. */
  function fillDays(query) {
    var days = query.get("since") && query.get("until") ? [query.get("since"), query.get("until")] : [null, null];
    window.dash_clientside.set_props("jobs-days", { value: days });
  }

  function follow(query) {
    if (!document.getElementById("jobs-grid")) return;
    fill(query);
    fillDays(query);
  }

  /* The filters follow the address when a link of the page leads to another view of the table. */
  window.addEventListener("_dashprivate_pushstate", function () {
    if (/\/jobs$/.test(window.location.pathname)) follow(new URLSearchParams(window.location.search));
  });

  function without(name) {
    var query = new URLSearchParams(window.location.search);
    (name === "days" ? ["since", "until"] : [name]).forEach(function (one) { query.delete(one); });
    return query;
  }

  function setPanel(open) {
    var panel = document.getElementById("jobs-filter-panel");
    var more = document.getElementById("jobs-more-panel");
    var button = document.getElementById("jobs-more");
    if (!panel || !more || !button) return;
    more.hidden = !open;
    panel.classList.toggle("mw-open", open);
    button.setAttribute("aria-expanded", String(open));
    if (open) (panel.querySelector(".mw-job-drawer-head button").offsetParent ? panel : more).querySelector("input").focus();
    else button.focus();
  }

  document.addEventListener("click", function (event) {
    var target = event.target.closest ? event.target.closest("button") : null;
    if (!target) return;
    if (target.id === "jobs-more") setPanel(target.getAttribute("aria-expanded") !== "true");
    else if (target.id === "jobs-drawer-close") setPanel(false);
    else if (target.id === "jobs-clear") clear(new URLSearchParams());
    else if (target.dataset.filter) clear(without(target.dataset.filter));
  });

  /* Focus would be lost with the chip: it goes to the search. */
  function clear(query) {
    var fold = new URLSearchParams(window.location.search).get("fold");
    if (fold) query.set("fold", fold);
    follow(query);
    var search = document.getElementById("jobs-q");
    if (search) search.focus();
  }

  document.addEventListener("keydown", function (event) {
    var panel = document.querySelector("#jobs-filter-panel.mw-open");
    // Before the input acts: with its list of suggestions open, Escape closes that.
    var listing = event.target.getAttribute && event.target.getAttribute("aria-expanded") === "true";
    if (event.key === "Escape" && panel && !listing) setPanel(false);
  }, true);
})();
