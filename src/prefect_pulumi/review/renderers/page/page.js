"use strict";
(() => {
  const report = JSON.parse(document.getElementById("report").textContent);
  const CLASSES = ["conflict", "missing live", "changed live", "unmanaged live", "this change"];
  const SIGNS = { "conflict": "!", "missing live": "−", "changed live": "~", "unmanaged live": "?", "this change": "+" };
  const TITLES = {
    "conflict": "Conflicts: this change and the server touch the same", "missing live": "Missing live",
    "changed live": "Changed live", "unmanaged live": "Unmanaged live: no stack owns it", "this change": "This change",
    "waiting": "In the code already, not applied yet",
  };
  const COLUMNS = ["schedule", "deployment", "queue", "pool", "worker"];
  const WORDS = { absent: "(none)", secret: "[secret]", unknown: "(known after apply)", any: "(server default)" };
  const SVG = "http://www.w3.org/2000/svg";
  const ROWS_SHOWN = 24;
  const main = document.getElementById("main");
  const search = document.getElementById("search");
  let shown = 0, only = "", query = "";

  // All text goes in as text: nothing that came from a server is ever parsed as HTML.
  function h(tag, attributes, ...children) {
    const made = document.createElement(tag);
    fill(made, attributes, children);
    return made;
  }
  function s(tag, attributes, ...children) {
    const made = document.createElementNS(SVG, tag);
    fill(made, attributes, children);
    return made;
  }
  function fill(made, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === undefined || value === null || value === false) continue;
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else made.setAttribute(name, value === true ? "" : String(value));
    }
    for (const child of children.flat()) if (child !== null && child !== undefined) made.append(child);
  }
  const text = (side) => side.kind === "value" ? JSON.stringify(side.value, null, typeof side.value === "object" ? 1 : 0) : WORDS[side.kind];
  const byName = new Intl.Collator(undefined, { numeric: true }).compare;
  const moment = (at) => at.length > 16 ? at.slice(0, 10) + " " + at.slice(11, 16) + " UTC" : at;
  const drifted = (item) => item.cls !== "this change";
  const counts = (item) => !item.accepted || item.accepted.expired || !drifted(item);
  const matches = (words) => !query || words.toLowerCase().includes(query);
  const wordsOf = (item) => [item.kind, item.name, item.cls, item.action, item.note, ...item.fields.map((f) => f.path), ...item.impacts.map((i) => i.flag)].join(" ");

  function when(facts) {
    if (facts.updated && facts.updated !== facts.created) return "updated " + moment(facts.updated) + (facts.updated_by ? " by " + facts.updated_by : "");
    return facts.created ? "created " + moment(facts.created) + (facts.created_by ? " by " + facts.created_by : "") : "";
  }

  function verdict(environment) {
    const drift = CLASSES.slice(0, 4).filter((c) => environment.classes[c]).map((c) => environment.classes[c] + " " + c);
    const doing = Object.entries(environment.actions).filter(([, n]) => n).map(([a, n]) => n + " to " + a);
    let line = drift.length ? "drift: " + drift.join(", ") : "in sync";
    if (environment.status === "could not check") {
      const read = environment.coverage.reduce((sum, kind) => sum + kind.read, 0);
      line = "could not check: " + read + " of " + environment.objects + " objects were compared" + (drift.length ? "; so far " + drift.join(", ") : "");
    }
    return line + (doing.length ? "; this change: " + doing.join(", ") : "");
  }

  function head(environment) {
    const version = environment.server_version ? " · Prefect " + environment.server_version : "";
    const lines = [
      ...environment.verdicts.map((v) => h("li", { class: v.overridden ? "" : "bad" }, "policy " + v.rule + (v.overridden ? ": overridden by " + v.overridden + ": " : " fails: ") + v.text)),
      ...environment.problems.map((p) => h("li", { class: "bad" }, (p.where ? p.where + ": " : "") + p.message + (p.remedy ? " → " + p.remedy : ""))),
      ...environment.notes.map((note) => h("li", {}, note)),
    ];
    const unread = environment.coverage.filter((kind) => !kind.done).map((kind) => kind.kind + (kind.wanted ? " (" + kind.read + " of " + kind.wanted + ")" : ""));
    if (environment.problems.length && unread.length) lines.push(h("li", {}, "not read: " + unread.join(", ")));
    return h("section", { class: "verdict", "data-status": environment.status },
      h("h2", {}, environment.stack + ": " + verdict(environment)),
      h("p", {}, (environment.server || "no server") + version + " · " + environment.objects + " objects in the stack" + (environment.ignored ? " · " + environment.ignored + " unmanaged ignored" : "")),
      lines.length ? h("ul", {}, lines) : null);
  }

  function tiles(environment) {
    const made = CLASSES.map((cls) => h("button", {
      type: "button", class: "tile", "data-state": cls, "data-zero": !environment.classes[cls], "aria-pressed": String(only === cls),
      onclick: () => { only = only === cls ? "" : cls; draw(); document.querySelector('.tile[data-state="' + cls + '"]').focus(); },
    }, h("b", {}, environment.classes[cls]), h("span", {}, cls)));
    return h("div", { class: "tiles", role: "group", "aria-label": "Show one class only" }, made);
  }

  // The picture.
  function picture(environment) {
    const { nodes, edges } = environment.topology;
    if (!nodes.length) return null;
    const byPool = new Map(), limits = [], loose = [];
    for (const node of nodes) {
      if (node.kind === "limit") limits.push(node);
      else if (!node.pool) loose.push(node);
      else if (byPool.has(node.pool)) byPool.get(node.pool).push(node);
      else byPool.set(node.pool, [node]);
    }
    if (loose.length) byPool.set("", loose);
    const out = new Map();
    for (const [from, to] of edges) { if (out.has(from)) out.get(from).push(to); else out.set(from, [to]); }
    const graph = { out };
    const groups = [...byPool].map(([pool, members]) => ({ pool, members, bad: members.filter((node) => node.state).length }))
      .filter((group) => group.members.some((node) => matches(node.name + " " + node.kind + " " + node.state + " " + group.pool) && (!only || node.state === only)))
      .sort((a, b) => b.bad - a.bad || byName(a.pool, b.pool));
    const chosen = limits.filter((node) => matches(node.name + " limit " + node.state) && (!only || node.state === only)).sort((a, b) => Boolean(b.state) - Boolean(a.state));
    const panel = h("section", { class: "panel", id: "picture", "aria-label": "Topology" },
      h("h2", {}, "Topology ", h("small", {}, groups.length + (groups.length === 1 ? " pool, " : " pools, ") + nodes.length + " objects"), legend()));
    const list = h("div", { class: "pools" });
    groups.forEach((group, index) => list.append(card(group, graph, index < 6 && (group.bad > 0 || groups.length < 4))));
    panel.append(list);
    if (chosen.length) panel.append(h("div", { class: "chips", "aria-label": "Limits" }, chosen.slice(0, 400).map(chip)));
    return panel;
  }
  function legend() {
    return h("span", { class: "legend" }, CLASSES.map((cls) => h("span", { "data-state": cls }, h("i", {}), SIGNS[cls] + " " + cls)), h("span", {}, h("i", {}), "in sync"));
  }
  function chip(node) {
    const inner = [node.state ? SIGNS[node.state] + " " : "", node.name + " ", h("small", {}, node.detail)];
    return node.item ? h("button", { type: "button", class: "chip", "data-state": node.state || null, onclick: () => open(node.item) }, inner) : h("span", { class: "chip" }, inner);
  }
  function card(group, graph, opened) {
    const pool = group.members.find((node) => node.kind === "pool");
    const sum = (kind) => group.members.filter((node) => node.kind === kind).length;
    const tell = ["queue", "deployment", "schedule", "worker"].map((kind) => [sum(kind), kind]).filter(([n]) => n).map(([n, kind]) => n + " " + kind + (n === 1 ? "" : "s"));
    const states = CLASSES.map((cls) => [cls, group.members.filter((node) => node.state === cls).length]).filter(([, n]) => n);
    const made = h("details", { class: "pool", open: opened },
      h("summary", {}, h("b", {}, group.pool || "without a pool"), h("span", {}, [pool && pool.detail, tell.join(", ")].filter(Boolean).join(" · ")),
        h("span", { class: "badges" }, states.map(([cls, n]) => h("span", { class: "badge", "data-state": cls }, SIGNS[cls] + " " + n)))));
    const once = () => { if (made.open && made.children.length === 1) drawing(made, group.members, graph, ROWS_SHOWN); };
    made.addEventListener("toggle", once);
    if (opened) once();
    return made;
  }
  function drawing(place, members, graph, limit) {
    const rank = (node) => (node.state ? 0 : 1);
    const columns = COLUMNS.map((kind) => members.filter((node) => node.kind === kind).sort((a, b) => rank(a) - rank(b) || byName(a.name, b.name)));
    const cut = columns.some((column) => column.length > limit);
    const present = columns.map((column) => column.slice(0, limit));
    // What feeds a neighbour stands beside it, so that lines cross seldom.
    const rows = new Map();
    present.slice().reverse().forEach((column, i) => {
      const goal = (node) => Math.min(1e6, ...(graph.out.get(node.id) || []).filter((to) => rows.has(to)).map((to) => rows.get(to)));
      const keys = new Map(column.map((node) => [node.id, goal(node)]));
      if (i) column.sort((a, b) => keys.get(a.id) - keys.get(b.id) || rank(a) - rank(b) || byName(a.name, b.name));
      column.forEach((node, row) => rows.set(node.id, row));
    });
    const width = 1180, gap = 46, rowHeight = 44, box = (width - gap * (COLUMNS.length - 1) - 4) / COLUMNS.length;
    const high = Math.max(...present.map((column) => column.length));
    const svg = s("svg", { viewBox: "0 0 " + width + " " + (24 + high * rowHeight), role: "group", "aria-label": "Objects of the pool" });
    const at = new Map();
    present.forEach((column, i) => {
      const x = 2 + i * (box + gap), top = 24 + (high - column.length) * rowHeight / 2;
      if (column.length) svg.append(s("text", { class: "column", x: x + 2, y: 14 }, COLUMNS[i] + (column.length === 1 ? "" : "s")));
      column.forEach((node, row) => at.set(node.id, { x, y: top + row * rowHeight, node }));
    });
    for (const a of at.values()) {
      for (const to of graph.out.get(a.node.id) || []) {
        const b = at.get(to);
        if (!b) continue;
        const x1 = a.x + box, y1 = a.y + 17, x2 = b.x, y2 = b.y + 17, bend = Math.min(60, (x2 - x1) / 2);
        svg.append(s("path", { class: "edge", "data-state": a.node.state || null, d: "M" + x1 + " " + y1 + "C" + (x1 + bend) + " " + y1 + " " + (x2 - bend) + " " + y2 + " " + x2 + " " + y2 }));
      }
    }
    const fits = (words, room) => words.length > room ? words.slice(0, room - 1) + "…" : words;
    for (const { x, y, node } of at.values()) {
      const short = node.kind === "schedule" || node.kind === "queue" ? node.name.split("/").slice(-1)[0] : node.name;
      const go = () => open(node.item);
      const group = s("g", {
        class: "node", "data-state": node.state || null, "data-node": node.id, transform: "translate(" + x + " " + y + ")",
        tabindex: node.item ? 0 : null, role: node.item ? "button" : "img",
        "aria-label": node.kind + " " + node.name + (node.state ? ", " + node.state : ", in sync") + (node.detail ? ", " + node.detail : ""),
        onclick: node.item ? go : null, onkeydown: node.item ? (e) => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); go(); } } : null,
      }, s("title", {}, node.name + (node.detail ? " (" + node.detail + ")" : "")), s("rect", { width: box, height: 34, rx: 8 }),
        node.state ? s("text", { class: "sign", x: box - 18, y: 22 }, SIGNS[node.state]) : null,
        s("text", { x: 11, y: node.detail ? 15 : 22 }, fits(short, Math.floor(box / 7.4) - 3)),
        node.detail ? s("text", { class: "detail", x: 11, y: 28 }, fits(node.detail, Math.floor(box / 6.2) - 3)) : null);
      svg.append(group);
    }
    place.append(svg);
    if (cut) place.append(h("button", { type: "button", class: "button more", onclick: (e) => { svg.remove(); e.target.remove(); drawing(place, members, graph, limit * 8); } }, "Show more of " + members.length));
  }

  // The list.
  function list(environment) {
    const holder = h("div", { id: "items" });
    const sections = [...CLASSES, "waiting"].map((cls) => [cls, environment.items.filter((item) => (item.cls === "this change" && item.pending ? "waiting" : item.cls) === cls && (!only || item.cls === only) && matches(wordsOf(item)))
      .sort((a, b) => a.kind.localeCompare(b.kind) || byName(a.name, b.name))]).filter(([, items]) => items.length);
    if (!sections.length) holder.append(h("section", { class: "panel" }, h("div", { class: "empty" }, query || only ? "Nothing here matches." : "Code, last update and server agree.")));
    for (const [cls, items] of sections) {
      holder.append(h("section", { class: "panel", style: "margin-bottom:18px", "aria-label": TITLES[cls] }, h("h2", {}, TITLES[cls], " ", h("small", {}, items.length)), items.map(row)));
    }
    return holder;
  }
  function row(item) {
    const badges = [
      item.action !== "none" ? h("span", { class: "badge", "data-state": "this change" }, item.action) : null,
      item.accepted ? h("span", { class: "badge" }, item.accepted.expired ? "acceptance expired" : "accepted") : null,
      ...item.impacts.map((impact) => h("span", { class: "badge", "data-state": "changed live" }, impact.flag)).filter((b, i, all) => all.findIndex((o) => o.textContent === b.textContent) === i),
    ];
    const button = h("button", { type: "button", "aria-expanded": "false" },
      h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[item.cls]), h("span", { class: "kind" }, item.kind),
      h("span", { class: "name" }, item.name), h("span", { class: "badges" }, badges.flatMap((b) => b ? [b, " "] : [])), h("span", { class: "when" }, drifted(item) ? when(item.facts) : ""));
    const made = h("article", { class: "item", "data-state": item.cls, "data-key": item.key }, button);
    button.addEventListener("click", () => toggle(made, item, button));
    made.show = () => { if (button.getAttribute("aria-expanded") === "false") toggle(made, item, button); button.focus({ preventScroll: true }); made.scrollIntoView({ block: "center" }); };
    return made;
  }
  function toggle(made, item, button) {
    const opened = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!opened));
    if (opened) made.querySelector(".details").remove();
    else made.append(details(item));
  }
  function details(item) {
    const parts = [];
    if (item.note) parts.push(h("p", {}, item.note));
    if (item.accepted) parts.push(h("p", {}, (item.accepted.expired ? "The acceptance has expired: " : "Accepted: ") + item.accepted.owner + ", " + item.accepted.reason + ", until " + item.accepted.expires));
    parts.push(...item.impacts.map((impact) => h("p", { class: "impact" }, h("b", {}, impact.flag), impact.text)));
    if (item.fields.length) {
      const cell = (side, moved) => h("td", { class: moved ? "moved mono" : "mono" }, text(side));
      parts.push(h("table", {}, h("thead", {}, h("tr", {}, ["field", "code", "last applied", "live"].map((word) => h("th", { scope: "col" }, word)))),
        h("tbody", {}, item.fields.map((field) => h("tr", { "data-state": field.cls }, h("td", { class: "mono" }, field.path + (field.replaces ? " (replaces)" : "")),
          cell(field.code, field.cls === "this change" || field.cls === "conflict"), cell(field.applied, false), cell(field.live, field.cls !== "this change" || field.agreed))))));
    }
    if (item.id) parts.push(h("p", { class: "when mono" }, item.key.startsWith("urn:") ? item.key + " · " + item.id : item.id));
    for (const remedy of drifted(item) ? item.remedies : []) parts.push(fix(remedy));
    return h("div", { class: "details" }, parts);
  }
  function fix(remedy) {
    const body = h("div", {}, remedy.text, remedy.command ? h("pre", {}, remedy.command) : null,
      remedy.diff ? h("pre", {}, remedy.diff.split("\n").map((line) => h("span", { class: line.startsWith("+") ? "add" : line.startsWith("-") ? "del" : "" }, line + "\n"))) : null);
    const copy = h("button", { type: "button", class: "button copy", onclick: () => navigator.clipboard && navigator.clipboard.writeText(remedy.diff || remedy.command).then(() => { copy.textContent = "copied"; }) }, "copy");
    return h("div", { class: "remedy" }, h("b", {}, remedy.kind), body, copy);
  }
  function open(key) {
    const find = () => [...document.querySelectorAll(".item")].find((each) => each.dataset.key === key);
    if (!find()) { only = ""; query = ""; search.value = ""; draw(); }
    const found = find();
    if (found) found.show();
  }

  function draw() {
    const environment = report.environments[shown];
    main.replaceChildren(...[head(environment), tiles(environment), picture(environment), list(environment)].filter(Boolean));
    const tabs = document.getElementById("tabs");
    tabs.replaceChildren(...(report.environments.length < 2 ? [] : report.environments.map((each, index) => h("button", {
      type: "button", role: "tab", "aria-selected": String(index === shown), onclick: () => { shown = index; only = ""; draw(); },
    }, h("span", { class: "dot", "data-status": each.status }), each.stack))));
  }
  let waiting = 0;
  search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(() => { query = search.value.trim().toLowerCase(); draw(); }, 80); });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.tagName === "INPUT";
    if (event.key === "Escape") { search.value = ""; query = ""; only = ""; draw(); search.blur(); return; }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") { event.preventDefault(); search.focus(); }
    if (event.key === "j" || event.key === "k") {
      const all = [...document.querySelectorAll(".item > button")];
      const next = all.indexOf(document.activeElement) + (event.key === "j" ? 1 : -1);
      if (all.length) all[Math.max(0, Math.min(all.length - 1, next))].focus();
    }
  });
  const root = document.documentElement;
  const keep = (theme) => { root.dataset.theme = theme; };
  keep(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  document.getElementById("theme").addEventListener("click", () => keep(root.dataset.theme === "dark" ? "light" : "dark"));
  draw();
})();
