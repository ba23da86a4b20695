/* Whose jobs are shown stands in the address. */
(function () {
  "use strict";
  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.me = {
    choose: function (of) {
      var path = window.location.pathname;
      if (/\/me\/?$/.test(path)) window.history.replaceState({}, "", path + (of && of !== "(me)" ? "?of=" + encodeURIComponent(of) : ""));
      return window.dash_clientside.no_update;
    },
  };
})();
