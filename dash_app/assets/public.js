/* The public page follows the figures once a minute while somebody looks; what is open or marked stays as it is. */
(function () {
  "use strict";
  function busy() { return document.hidden || document.querySelector("details[open]") || String(window.getSelection()); }
  function follow() {
    if (busy()) return;
    fetch(window.location.href, { credentials: "same-origin" })
      .then(function (answer) { return answer.ok ? answer.text() : ""; })
      .then(function (text) {
        var fresh = text && new DOMParser().parseFromString(text, "text/html").getElementById("public");
        if (fresh && !busy()) document.getElementById("public").replaceWith(fresh);
      })
      .catch(function () { /* the server is away: what stands there stays, and says its age */ });
  }
  window.setInterval(follow, 60000);
})();
