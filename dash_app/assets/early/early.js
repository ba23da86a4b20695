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
        if (response.status === 401) window.location.reload();
        return response;
      },
      function (error) {
        finish();
        root.classList.add("mw-is-offline");
        throw error;
      }
    );
  };
})();
