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

  /* The keyboard went on: what stays open would cover where it is now. */
  document.addEventListener("focusin", function (event) {
    document.querySelectorAll(OPEN).forEach(function (menu) { if (!menu.contains(event.target)) close(menu, false); });
  });

  document.addEventListener("click", function (event) {
    var followed = event.target.closest && event.target.closest("a");
    document.querySelectorAll(OPEN).forEach(function (menu) {
      if (!menu.contains(event.target) || followed) close(menu, false);
    });
    var chosen = event.target.closest && event.target.closest("[data-language]");
    if (chosen) chooseLanguage(chosen.getAttribute("data-language"));
  });

  /* What scrolls can be scrolled by keyboard, too, and nothing else is a stop: tables and formulas wider than the page. */
  function reachScrollers() {
    document.querySelectorAll(".mw-table-scroll, .mw-doc :is(table, mjx-container, pre)").forEach(function (part) {
      var scrolls = part.clientWidth && (part.scrollWidth > part.clientWidth || part.scrollHeight > part.clientHeight + 1);
      if (scrolls) part.setAttribute("tabindex", "0");
      else if (part.hasAttribute("tabindex")) part.removeAttribute("tabindex");
    });
  }
  new ResizeObserver(reachScrollers).observe(document.body);
  // Each formula brings a stop along whenever it is typeset, and tables come and go: look once a frame at most.
  var looked = true;
  new MutationObserver(function () {
    if (!looked) return;
    looked = false;
    window.requestAnimationFrame(function () { looked = true; reachScrollers(); });
  }).observe(document.body, { childList: true, subtree: true });

  /* For a year, for all of our pages; the address stays, the page is written anew. */
  function chooseLanguage(code) {
    var home = document.querySelector("a.mw-brand").pathname;
    document.cookie = "maxwatt_language=" + code + "; path=" + home + "; max-age=31536000; samesite=lax";
    window.location.reload();
  }
})();
