"use strict";
(function () {
  function counted(lead, act) {
    for (var n = 1, one; (one = document.getElementById(lead + n)); n += 1) act(one);
  }

  /* Rounded down; noise is what the rounding of the moves in the data may have left. */
  function money(value, noise) {
    var cents = Math.floor((value + noise) * 100);
    var parts = (Math.abs(cents) / 100).toFixed(2).split(".");
    parts[0] = parts[0].replace(/\B(?=(\d{3})+$)/g, ",");
    return (cents < 0 ? "-" : "") + parts.join(".");
  }

  function percent(share) {
    return (Math.ceil(share * 10000 - 1e-7) / 100).toFixed(2) + "%";
  }

  function between(left, right, move, name) {
    if (left[name] === null || right[name] === null) return null;
    return left[name] + (right[name] - left[name]) * (move - left.move) / (right.move - left.move);
  }

  function at(points, move) {
    for (var n = 1; n < points.length; n += 1) {
      var left = points[n - 1], right = points[n];
      if (left.move <= move && move <= right.move && left.move < right.move && (move < right.move || move >= 0)) {
        return {
          equity: between(left, right, move, "equity"), required: between(left, right, move, "required"),
          initial: between(left, right, move, "initial_margin"), ordered: between(left, right, move, "order_margin")
        };
      }
    }
    var last = points[points.length - 1];
    return { equity: last.equity, required: last.required, initial: last.initial_margin, ordered: last.order_margin };
  }

  function told(point, move, box, noise) {
    var words = [
      (move > 0 ? "+" : "") + Math.round(move * 10000) / 100 + "%: equity " + money(point.equity, noise),
      "free collateral " + (point.ordered === null ? "not known" : money(point.equity - point.initial - point.ordered, noise)),
      "buffer " + money(point.equity - point.required, noise),
      "maintenance ratio " + (point.required === 0 ? percent(0) : point.equity > 0 ? percent(point.required / point.equity) : "none, no equity is left")
    ];
    var fall = box.getAttribute("data-fall"), rise = box.getAttribute("data-rise");
    if ((fall !== null && move <= Number(fall)) || (rise !== null && move >= Number(rise))) words.push("liquidated");
    return words.join(", ");
  }

  function slider(box) {
    var source = document.getElementById(box.getAttribute("data-source"));
    if (!source) return;
    var points = JSON.parse(source.textContent)[box.getAttribute("data-key")][Number(box.getAttribute("data-at"))].points;
    var input = box.querySelector("input"), output = box.querySelector("output");
    var picture = box.parentNode.querySelector("svg svg"), low = points[0].move, high = points[points.length - 1].move;
    var noise = 1e-7 + 2e-10 * Math.max.apply(null, points.map(function (one) { return Math.abs(one.equity); }));
    var wide = picture.viewBox.baseVal.width, line = document.createElementNS("http://www.w3.org/2000/svg", "line");
    line.setAttribute("class", "here");
    line.setAttribute("vector-effect", "non-scaling-stroke");
    line.setAttribute("y2", picture.viewBox.baseVal.height);
    picture.appendChild(line);
    function show() {
      var move = Number(input.value) / 100, x = wide * (move - low) / (high - low);
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
      output.textContent = told(at(points, move), move, box, noise);
      input.setAttribute("aria-valuetext", output.textContent);
    }
    input.addEventListener("input", show);
    picture.ownerSVGElement.addEventListener("pointermove", function (event) {
      var left = picture.ownerSVGElement.getBoundingClientRect().left;
      var share = (event.clientX - left) / picture.width.baseVal.value;
      if (share >= 0 && share <= 1) {
        input.value = (low + (high - low) * share) * 100;
        show();
      }
    });
    box.hidden = false;
    show();
  }

  function key(row, column) {
    var text = row.cells[column].textContent.trim();
    var number = text.replace(/[,%x]/g, "");
    return { text: text, number: /^-?\d+(\.\d+)?/.test(number) ? parseFloat(number) : null };
  }

  function order(one, other) {
    if (one.number !== null && other.number !== null) return one.number - other.number;
    if (one.number !== null || other.number !== null) return one.number === null ? 1 : -1;
    return one.text < other.text ? -1 : one.text > other.text ? 1 : 0;
  }

  function sortable(table) {
    var heads = table.tHead.rows[0].cells, body = table.tBodies[0];
    Array.prototype.forEach.call(heads, function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      while (head.firstChild) button.appendChild(head.firstChild);
      if (!button.textContent.trim()) return;
      head.appendChild(button);
      button.addEventListener("click", function () {
        var sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        var rows = Array.prototype.map.call(body.rows, function (row) { return { row: row, key: key(row, column) }; });
        rows.sort(function (one, other) { return sign * order(one.key, other.key); });
        rows.forEach(function (one) { body.appendChild(one.row); });
        Array.prototype.forEach.call(heads, function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      });
    });
  }

  counted("try-", slider);
  counted("table-", sortable);
  var opened = [];
  window.addEventListener("beforeprint", function () {
    opened = Array.prototype.filter.call(document.querySelectorAll("details"), function (one) { return !one.open; });
    opened.forEach(function (one) { one.open = true; });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (one) { one.open = false; });
  });
})();
