/* Runs in the head, before anything is drawn: the colour scheme, and what to do when the server does not answer. */
(function () {
  "use strict";
  var root = document.documentElement;

  function scheme() {
    var chosen = null;
    try {
      chosen = window.localStorage.getItem("mantine-color-scheme-value");
    } catch (error) {
      chosen = null; // storage may be forbidden: follow the system then
    }
    if (chosen === "light" || chosen === "dark") return chosen;
    return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
  root.setAttribute("data-mantine-color-scheme", scheme());

  /* Loading the page anew leads to the sign-in and back here. If that was tried just now and did not help, say so. */
  function signInAgain() {
    var now = Date.now();
    var last = 0;
    try {
      last = Number(window.sessionStorage.getItem("maxwatt-asked-again")) || 0;
      window.sessionStorage.setItem("maxwatt-asked-again", String(now));
    } catch (error) {
      last = 0; // storage may be forbidden
    }
    if (now - last < 10000) root.classList.add("mw-is-expired");
    else window.location.reload();
  }

  /* A page that nobody looks at asks nothing. What came due meanwhile is asked once, when it is looked at again. */
  var REFRESH_MS = 3000; // what repeats faster moves something, and browsers hold that back themselves
  var plainInterval = window.setInterval.bind(window);
  var plainClear = window.clearInterval.bind(window);
  var due = new Map();
  window.setInterval = function (act, everyMs) {
    if (typeof act !== "function" || !(everyMs >= REFRESH_MS)) return plainInterval.apply(null, arguments);
    var id = plainInterval(function () {
      if (document.hidden) due.set(id, act);
      else act();
    }, everyMs);
    return id;
  };
  window.clearInterval = function (id) {
    due.delete(id);
    plainClear(id);
  };
  document.addEventListener("visibilitychange", function () {
    if (document.hidden) return;
    var waiting = Array.from(due.values());
    due.clear();
    waiting.forEach(function (act) { act(); });
  });

  /* While the server is away, ask every few seconds whether it is back: nobody should have to click to find out. */
  var GATEWAY = [502, 503, 504]; // a proxy answers, the server does not
  var base = document.currentScript.src.replace(/assets\/early\/early\.js.*$/, "");
  function away() {
    if (root.classList.contains("mw-is-offline")) return;
    root.classList.add("mw-is-offline");
    var asking = window.setInterval(function () {
      plainFetch(base + "health", { cache: "no-store" }).then(function (response) {
        if (GATEWAY.indexOf(response.status) >= 0) return;
        window.clearInterval(asking);
        root.classList.remove("mw-is-offline");
      }, function () {});
    }, 4000);
  }

  /* Every answer of the server passes here: a session that ended leads to the sign-in, with the address kept;
     a server that is away is said so; and a request that takes long shows a thin line. */
  var plainFetch = window.fetch.bind(window);
  var running = 0;
  window.fetch = function (resource, options) {
    var url = typeof resource === "string" ? resource : resource.url;
    if (url.indexOf("_dash-") < 0) return plainFetch(resource, options);
    running += 1;
    var slow = window.setTimeout(function () { root.classList.add("mw-is-busy"); }, 250);
    function finish() {
      window.clearTimeout(slow);
      running -= 1;
      if (running === 0) root.classList.remove("mw-is-busy");
    }
    return plainFetch(resource, options).then(
      function (response) {
        finish();
        root.classList.remove("mw-is-offline");
        if (response.status === 401) signInAgain();
        if (GATEWAY.indexOf(response.status) >= 0) away();
        return response;
      },
      function (error) {
        finish();
        if (!(error && error.name === "AbortError")) away();
        throw error;
      }
    );
  };
})();
