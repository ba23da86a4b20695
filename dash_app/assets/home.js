/* My jobs: whose jobs are shown stands in the address. */
(function () {
  "use strict";
  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.maxwattHome = {
    chooseScope: function (scope) {
      var search = scope === "everybody" ? "?of=everybody" : "";
      if (search !== window.location.search) window.history.replaceState({}, "", window.location.pathname + search);
      return window.dash_clientside.no_update;
    },
  };
})();
