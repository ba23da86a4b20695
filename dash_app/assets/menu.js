/* By hand and by keyboard. Menus and panels that open with a click close with Esc and with a click elsewhere; the choice of a language is kept. */
(function () {
  "use strict";
  var OPEN = "details.mw-closes[open]";

  function close(menu, focus) {
    menu.open = false;
    if (focus) menu.querySelector("summary").focus();
  }

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    document.querySelectorAll(OPEN).forEach(function (menu) { close(menu, menu.contains(document.activeElement)); });
  });

  document.addEventListener("click", function (event) {
    var followed = event.target.closest && event.target.closest("a");
    document.querySelectorAll(OPEN).forEach(function (menu) {
      if (!menu.contains(event.target) || followed) close(menu, false);
    });
    var chosen = event.target.closest && event.target.closest("[data-language]");
    if (chosen) chooseLanguage(chosen.getAttribute("data-language"));
  });

  /* What scrolls sideways can be scrolled by keyboard, too: tables and formulas that are wider than the page. */
  function reachScrollers() {
    document.querySelectorAll(".mw-doc :is(table, mjx-container, pre)").forEach(function (part) {
      if (part.scrollWidth > part.clientWidth) part.setAttribute("tabindex", "0");
      else part.removeAttribute("tabindex");
    });
  }
  new ResizeObserver(reachScrollers).observe(document.body);

  /* For a year, for all of our pages; the address stays, the page is written anew. */
  function chooseLanguage(code) {
    var home = document.querySelector("a.mw-brand").pathname;
    document.cookie = "maxwatt_language=" + code + "; path=" + home + "; max-age=31536000; samesite=lax";
    window.location.reload();
  }
})();
