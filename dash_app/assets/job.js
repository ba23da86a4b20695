/* Copies what a button stands for, and says that it is done. */
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
})();
