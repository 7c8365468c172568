// Sorts and filters the table, draws the front with what hover and arrow keys tell, switches boundary and scheme.
// All data stand in the page; text goes into it as text. Nothing is fetched.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const at = id => document.getElementById(id), MOST = 40;
  const state = { boundary: data.boundary, column: data.sort, sign: 1, all: false, words: [] };
  let shown = [];  // rows that the filter leaves, in order

  function element(name, attributes, ...children) {
    const node = document.createElement(name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    node.append(...children);
    return node;
  }

  // Table

  const key = row => state.column < 0 ? row.name.toLowerCase() : row.cells.length ? row.cells[state.boundary][state.column][0] : null;

  function compare(a, b) {
    const [x, y] = [key(a), key(b)];
    if (x === null || y === null) return (x === null) - (y === null);  // what is not known stands last either way
    return state.sign * (x < y ? -1 : x > y ? 1 : 0);
  }

  function named(row) {
    const dot = element("i", { class: row.round ? "dot open" : "dot", style: `--dot: var(${row.color})` });
    const name = row.id ? element("a", { href: "#" + row.id }, dot, row.name) : element("span", {}, dot, row.name);
    return element("th", { scope: "row" }, name, element("small", { class: "state " + row.state }, row.small || ""));
  }

  function line(row) {
    const tr = element("tr", row.cells.length ? {} : { class: "idle" }, named(row));
    if (!row.cells.length) tr.append(element("td", { class: "reason", colspan: data.columns.length }, row.reason));
    else row.cells[state.boundary].forEach(([, text, small], k) => {
      const inner = element("span", {}, text);
      if (small) inner.append(element("small", {}, small));
      tr.append(element("td", { "data-label": data.columns[k] }, inner));
    });
    return tr;
  }

  function table() {
    shown = data.rows.filter(row => state.words.every(word => row.search.includes(word))).sort(compare);
    at("rows").replaceChildren(...(state.all ? shown : shown.slice(0, MOST)).map(line));
    at("more").hidden = state.all || shown.length <= MOST;
    at("more").textContent = `Show all ${shown.length.toLocaleString("en")}`;
    at("count").textContent = state.words.length ? `${shown.length.toLocaleString("en")} of ${data.rows.length.toLocaleString("en")}` : "";
    document.querySelectorAll("#table thead th").forEach((th, k) => {
      const mine = k - 1 === state.column;
      th.setAttribute("aria-sort", mine ? (state.sign > 0 ? "ascending" : "descending") : "none");
    });
  }

  function heads() {
    document.querySelectorAll("#table thead th").forEach((th, k) => {
      const button = element("button", { type: "button" }, th.textContent.trim());
      button.addEventListener("click", () => {
        state.sign = state.column === k - 1 ? -state.sign : 1;
        state.column = k - 1;
        table();
      });
      th.replaceChildren(button);
    });
  }

  // Numbers

  const PREFIXES = ["a", "f", "p", "n", "µ", "m", "", "k", "M", "G", "T"];

  function quantity(value, unit) {
    if (value === null || value === undefined) return "–";
    if (unit !== "J" || value === 0) return `${Number(value.toPrecision(4)).toLocaleString("en", { maximumSignificantDigits: 4 })}${unit ? "\u00a0" + unit : ""}`;
    const power = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(2)))) / 3);
    if (power < -6 || power > 4) return value.toExponential(1) + "\u00a0" + unit;
    return `${Number((value / 1000 ** power).toPrecision(2))}\u00a0${PREFIXES[power + 6]}${unit}`;
  }

  // Front

  const front = data.front, LEFT = 64, TOP = 14;
  let points = [], best = [], chosen = null, W = 900, H = 430, RIGHT = 884, BOTTOM = 372;

  function svg(name, attributes, text) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    if (text !== undefined) node.textContent = text;
    return node;
  }

  function steps(low, high) {  // nice places on a linear axis
    const raw = (high - low) / 5 || 1, power = 10 ** Math.floor(Math.log10(raw));
    const step = power * [1, 2, 5, 10].find(each => each * power >= raw), found = [];
    for (let value = Math.ceil(low / step - 1e-9) * step; value <= high + 1e-9 * step; value += step) found.push(value);
    return found;
  }

  function draw() {
    if (!front) return;
    const box = at("plot"), x = front.x.points[state.boundary], y = front.y, visible = new Set(shown.map(row => row.number));
    points = front.row.map((row, k) => ({ row, k, x: x.value[k], y: y.points[k], low: x.low[k], high: x.high[k] }))
      .filter(p => p.x > 0 && p.y !== null && visible.has(p.row));
    hide();
    W = Math.min(1160, Math.max(320, box.clientWidth || 900));  // of the screen: letters keep their size
    H = W < 600 ? 360 : 430; RIGHT = W - 16; BOTTOM = H - 58;
    box.setAttribute("viewBox", `0 0 ${W} ${H}`);
    if (!points.length) {
      best = [];
      box.replaceChildren(svg("text", { x: W / 2, y: H / 2, "text-anchor": "middle" }, "nothing to draw"));
      return;
    }
    const bent = y.unit === "%" && points.some(p => p.y > 10);  // good answers are not pressed together
    const bend = value => bent ? Math.asinh(value) : value, logs = points.map(p => Math.log10(p.x)), ys = points.map(p => bend(p.y));
    const range = list => list.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
    const few = new Set(points.map(p => p.row)).size < 100;  // then each has its intervals
    const ends = few ? points.flatMap(p => [y.low[p.k], y.high[p.k]]).filter(value => value !== null && value !== undefined).map(bend) : [];
    let [x0, x1] = range(logs), [y0, y1] = range([...ys, ...ends]);
    const dx = (x1 - x0 || 1) * 0.05, dy = (y1 - y0 || 1) * 0.07;
    x0 -= dx; x1 += dx; y0 -= dy; y1 += dy;
    const X = value => LEFT + (RIGHT - LEFT) * (Math.log10(value) - x0) / (x1 - x0);
    const Y = value => { const part = (bend(value) - y0) / (y1 - y0); return y.up ? BOTTOM - (BOTTOM - TOP) * part : TOP + (BOTTOM - TOP) * (1 - part); };
    const inside = value => Math.min(RIGHT, Math.max(LEFT, value)), parts = [];
    const decades = Math.max(1, Math.ceil((x1 - x0) * 80 / (RIGHT - LEFT)));
    const places = x1 - x0 < 1.2 ? steps(10 ** x0, 10 ** x1) : [];
    if (!places.length) for (let power = Math.ceil(x0); power <= x1; power += decades) places.push(10 ** power);
    for (const value of places) parts.push(svg("line", { class: "grid", x1: X(value), x2: X(value), y1: TOP, y2: BOTTOM }),
      svg("text", { x: X(value), y: BOTTOM + 18, "text-anchor": "middle" }, quantity(value, front.x.unit)));
    const levels = bent ? [0, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].filter(v => bend(v) >= y0 && bend(v) <= y1) : steps(y0, y1);
    for (const value of levels) parts.push(svg("line", { class: "grid", x1: LEFT, x2: RIGHT, y1: Y(value), y2: Y(value) }),
      svg("text", { x: LEFT - 8, y: Y(value) + 4, "text-anchor": "end" }, String(Number(value.toPrecision(4)))));
    parts.push(svg("text", { x: (LEFT + RIGHT) / 2, y: H - 14, "text-anchor": "middle" }, front.x.label),
      svg("text", { transform: `translate(14 ${(TOP + BOTTOM) / 2}) rotate(-90)`, "text-anchor": "middle" }, y.label));
    for (const p of points) { p.px = X(p.x); p.py = Y(p.y); }
    best = pareto();
    parts.push(svg("path", { class: "front", d: best.map((p, k) => k ? `H${p.px.toFixed(1)}V${p.py.toFixed(1)}` : `M${p.px.toFixed(1)} ${p.py.toFixed(1)}`).join("") }));
    const series = new Map();
    for (const p of points) series.set(p.row, [...(series.get(p.row) || []), p]);
    const clouds = new Map();  // one path a color: ten thousand circles would be slow
    for (const [number, mine] of series) {
      const row = data.rows[number], cloud = row.color + (row.round ? " open" : "");
      if (y.curved && mine.length > 1) parts.push(svg("path", { class: "curve" + (row.round ? " open" : ""), style: `stroke: var(${row.color})`,
        d: mine.map((p, k) => `${k ? "L" : "M"}${p.px.toFixed(1)} ${p.py.toFixed(1)}`).join("") }));
      clouds.set(cloud, (clouds.get(cloud) || "") + mine.map(p => `M${p.px.toFixed(1)} ${p.py.toFixed(1)}h0`).join(""));
      const first = mine[0];
      if (y.curved || few) {
        if (ends.length && y.low[first.k] !== null) parts.push(svg("line", { class: "bar", style: `stroke: var(${row.color})`,
          x1: first.px, x2: first.px, y1: Y(y.low[first.k]), y2: Y(y.high[first.k]) }));
        if (first.low !== null && first.high !== null) parts.push(svg("line", { class: "bar", style: `stroke: var(${row.color})`,
          x1: first.low > 0 ? inside(X(first.low)) : LEFT, x2: inside(X(first.high)), y1: first.py, y2: first.py }));
        parts.push(svg("circle", { class: row.round ? "mark open" : "mark", style: `--dot: var(${row.color})`, cx: first.px, cy: first.py, r: 5 }));
      }
    }
    for (const [cloud, d] of clouds) parts.push(svg("path", { class: "cloud", style: `stroke: var(${cloud.split(" ")[0]})`, d }));
    if (!few && !y.curved) for (const p of best) parts.push(svg("circle", { class: "mark", style: `--dot: var(${data.rows[p.row].color})`, cx: p.px, cy: p.py, r: 4 }));
    parts.push(svg("circle", { id: "ring", r: 9, visibility: "hidden" }));
    box.replaceChildren(...parts);
    legend([...series.keys()]);
  }

  function legend(numbers) {
    const names = new Map(numbers.map(number => [data.rows[number].name, data.rows[number]]));
    at("legend").replaceChildren(...(names.size <= 24 ? [...names.values()] : []).map(row => {
      return element("span", {}, element("i", { class: row.round ? "dot open" : "dot", style: `--dot: var(${row.color})` }), row.name);
    }));
  }

  function pareto() {
    const sign = front.y.up ? -1 : 1, found = [];
    for (const p of [...points].sort((a, b) => a.x - b.x || sign * (a.y - b.y)))
      if (!found.length || sign * p.y < sign * found[found.length - 1].y) found.push(p);
    return found;
  }

  function tell(p) {
    chosen = p;
    const row = data.rows[p.row], tip = at("tip"), y = front.y, ends = front.x;
    const between = p.low === null || p.high === null ? "" : ` (${quantity(p.low, ends.unit)} to ${quantity(p.high, ends.unit)})`;
    const spread = y.low.length && y.low[p.k] !== null ? ` (${quantity(y.low[p.k], y.unit)} to ${quantity(y.high[p.k], y.unit)})` : "";
    const chance = front.chance && front.chance[p.k] !== null && front.chance[p.k] !== undefined ? `, by ${Number((100 * front.chance[p.k]).toPrecision(3))}\u00a0% of reads` : "";
    tip.replaceChildren(element("strong", {}, row.name), element("span", {}, `${y.name} ${quantity(p.y, y.unit)}${spread}${chance}`),
      element("span", {}, `${ends.label}: ${quantity(p.x, ends.unit)}${between}`));
    tip.append(element("small", {}, row.settings || row.small));
    for (const source of (row.sources || [])[state.boundary] || []) tip.append(element("small", {}, source));
    tip.hidden = false;
    const ring = at("ring"), frame = at("plot").getBoundingClientRect(), outer = at("plot").parentNode.getBoundingClientRect();
    ring.setAttribute("cx", p.px); ring.setAttribute("cy", p.py); ring.setAttribute("visibility", "visible");
    const scale = frame.width / W, left = frame.left - outer.left + p.px * scale, top = frame.top - outer.top + p.py * scale;
    const far = Math.max(0, outer.width - tip.offsetWidth);
    tip.style.left = Math.min(far, Math.max(0, left > outer.width / 2 ? left - tip.offsetWidth - 14 : left + 14)) + "px";
    tip.style.top = Math.max(0, top + 14) + "px";
  }

  function hide() {
    chosen = null;
    if (!at("tip")) return;
    at("tip").hidden = true;
    if (at("ring")) at("ring").setAttribute("visibility", "hidden");
  }

  function nearest(event) {
    const frame = at("plot").getBoundingClientRect(), scale = frame.width / W;
    const x = (event.clientX - frame.left) / scale, y = (event.clientY - frame.top) / scale;
    let least = (22 / Math.min(1, scale)) ** 2, found = null;
    for (const p of points) {
      const distance = (p.px - x) ** 2 + (p.py - y) ** 2;
      if (distance < least) { least = distance; found = p; }
    }
    return found;
  }

  function keys(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") hide();
    if (!step || !best.length) return;
    event.preventDefault();
    const place = best.indexOf(chosen);
    tell(best[place < 0 ? (step > 0 ? 0 : best.length - 1) : Math.min(best.length - 1, Math.max(0, place + step))]);
  }

  // Boundary and scheme

  function bounded() {
    document.querySelectorAll("[data-boundary]").forEach(node => { node.hidden = Number(node.dataset.boundary) !== state.boundary; });
    document.querySelectorAll("[data-level]").forEach(node => { node.classList.toggle("outside", Number(node.dataset.level) > state.boundary); });
  }

  function start() {
    document.querySelectorAll(".scripted").forEach(node => { node.hidden = false; });
    heads();
    at("filter").addEventListener("input", event => {
      state.words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
      table();
      draw();
    });
    at("more").addEventListener("click", () => { state.all = true; table(); });
    document.querySelectorAll("input[name=boundary]").forEach(input => input.addEventListener("change", () => {
      state.boundary = Number(input.value);
      bounded();
      table();
      draw();
    }));
    at("scheme").addEventListener("click", () => {
      const root = document.documentElement, now = root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
      root.dataset.theme = now === "dark" ? "light" : "dark";
    });
    let closed = [];
    addEventListener("beforeprint", () => {
      hide();
      closed = [...document.querySelectorAll("details:not([open])")];
      for (const node of closed) node.open = true;
    });
    addEventListener("afterprint", () => { for (const node of closed) node.open = false; });
    if (front) {
      const box = at("plot");
      addEventListener("resize", () => { if (box.clientWidth && Math.abs(box.clientWidth - W) > 8) draw(); });
      box.addEventListener("pointermove", event => { const p = nearest(event); if (p !== chosen) { if (p) tell(p); else hide(); } });
      box.addEventListener("pointerdown", event => { const p = nearest(event); if (p) tell(p); });
      box.addEventListener("pointerleave", hide);
      box.addEventListener("keydown", keys);
      box.addEventListener("blur", hide);
    }
    data.rows.forEach((row, k) => {
      row.number = k;
      row.cells ||= [];
      row.search = [row.name, row.small, row.settings].join(" ").toLowerCase();
    });
    bounded();
    table();
    draw();
  }
  start();
})();
