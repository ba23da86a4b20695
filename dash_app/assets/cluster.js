/* The map of the nodes: thousands of small buttons, drawn here because as Dash components they would take seconds. */
(function () {
  "use strict";
  var noUpdate = function () { return window.dash_clientside.no_update; };

  function cells(map) { return Array.prototype.slice.call(map.querySelectorAll("button")); }

  function button(cell) {
    var one = document.createElement("button");
    one.type = "button";
    one.tabIndex = -1;
    one.dataset.node = cell[0];
    paint(one, cell);
    return one;
  }

  function paint(one, cell) {
    one.className = "mw-node mw-node-" + cell[1];
    one.title = cell[2];
    one.setAttribute("aria-label", cell[2]);
  }

  /* The same nodes as before keep their buttons, so that focus and scrolling stay. */
  function sameNodes(map, groups) {
    var wanted = [].concat.apply([], groups.map(function (group) { return group.cells; }));
    var there = cells(map);
    if (there.length !== wanted.length) return false;
    if (there.some(function (one, i) { return one.dataset.node !== wanted[i][0]; })) return false;
    there.forEach(function (one, i) { paint(one, wanted[i]); });
    return true;
  }

  function drawAnew(map, groups) {
    var all = document.createDocumentFragment();
    groups.forEach(function (group) {
      var head = document.createElement("h3");
      head.textContent = group.name + " · " + group.cells.length;
      var field = document.createElement("div");
      field.className = "mw-node-field";
      group.cells.forEach(function (cell) { field.appendChild(button(cell)); });
      var part = document.createElement("div");
      part.append(head, field);
      all.appendChild(part);
    });
    map.replaceChildren(all);
    var first = map.querySelector("button");
    if (first) first.tabIndex = 0;
  }

  function open(map, one) {
    cells(map).forEach(function (other) { other.tabIndex = other === one ? 0 : -1; });
    window.dash_clientside.set_props("cluster-node", { data: { name: one.dataset.node, at: Date.now() } });
  }

  /* The button in the row above or below that lies nearest. */
  function vertical(all, here, sign) {
    var box = here.getBoundingClientRect();
    var best = null, least = Infinity;
    all.forEach(function (one) {
      var other = one.getBoundingClientRect();
      var down = sign * (other.top - box.top);
      if (down < 2) return;
      var distance = down * 1000 + Math.abs(other.left - box.left);
      if (distance < least) { least = distance; best = one; }
    });
    return best;
  }

  function onKey(event) {
    var map = event.currentTarget, here = event.target.closest("button");
    if (!here) return;
    var all = cells(map), place = all.indexOf(here), to = null;
    if (event.key === "ArrowRight") to = all[place + 1];
    else if (event.key === "ArrowLeft") to = all[place - 1];
    else if (event.key === "ArrowDown") to = vertical(all, here, 1);
    else if (event.key === "ArrowUp") to = vertical(all, here, -1);
    else if (event.key === "Home") to = all[0];
    else if (event.key === "End") to = all[all.length - 1];
    else return;
    event.preventDefault();
    if (!to) return;
    here.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  }

  function listen(map) {
    if (map.dataset.listens) return;
    map.dataset.listens = "yes";
    map.addEventListener("keydown", onKey);
    map.addEventListener("click", function (event) {
      var one = event.target.closest("button");
      if (one) open(map, one);
    });
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.cluster = {
    draw: function (data) {
      var map = document.getElementById("cluster-map");
      if (!map) return noUpdate();
      listen(map);
      var groups = (data && data.groups) || [];
      if (!sameNodes(map, groups)) drawAnew(map, groups);
      return noUpdate();
    },
    /* Keep the view's choices in the address; the plain ones are left out. */
    choose: function (range, split, colouring, opened, node) {
      var query = new URLSearchParams();
      var values = { range: range === "7d" ? "" : range, by: split === "kind" ? "" : split,
        nodes: colouring === "power" ? "" : colouring, node: opened ? node : "" };
      Object.keys(values).forEach(function (key) { if (values[key]) query.set(key, values[key]); });
      var text = query.toString(), path = window.location.pathname;
      if (/\/cluster\/?$/.test(path)) window.history.replaceState({}, "", path + (text ? "?" + text : ""));
      return noUpdate();
    },
  };
})();
