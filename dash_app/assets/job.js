/* Copies what a button stands for, and says that it is done; keeps the keyboard where it was while a job lives. */
(function () {
  "use strict";
  var SHOWN_MS = 1600;

  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("[data-copy]");
    if (!button) return;
    event.preventDefault();
    var text = button.getAttribute("data-copy");
    var done = navigator.clipboard ? navigator.clipboard.writeText(text) : Promise.reject();
    done.catch(function () { return copiedByHand(text); }).then(function () { say(button); }, function () {});
  });

  /* Without https browsers give no clipboard: a field is marked and copied instead. */
  function copiedByHand(text) {
    var field = document.createElement("textarea");
    field.value = text;
    field.style.position = "fixed";
    field.style.opacity = "0";
    document.body.appendChild(field);
    field.select();
    var copied = document.execCommand("copy");
    field.remove();
    return copied ? undefined : Promise.reject();
  }

  function say(button) {
    var status = document.createElement("span");
    status.className = "mw-copy-done";
    status.setAttribute("role", "status");
    status.textContent = button.getAttribute("data-done");
    button.appendChild(status);
    window.setTimeout(function () { status.remove(); }, SHOWN_MS);
  }

  /* The head of a live job is written anew: who was on one of its buttons is on the same one again. */
  var REACHED = "a[href], button, summary";
  var kept = null;

  function inHead() {
    var head = document.getElementById("job-head");
    return head ? Array.from(head.querySelectorAll(REACHED)) : [];
  }

  document.addEventListener("pointerdown", function () { kept = null; }, true);
  document.addEventListener("focusin", function (event) {
    var place = inHead().indexOf(event.target);
    kept = place < 0 ? null : { place: place, of: inHead().length };
  });
  new MutationObserver(function () {
    if (kept === null || document.activeElement !== document.body) return;
    var now = inHead();
    if (now.length === kept.of) now[kept.place].focus({ preventScroll: true });
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
