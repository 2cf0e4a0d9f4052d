"use strict";
(() => {
  const report = JSON.parse(document.getElementById("report").textContent);
  const CLASSES = ["conflict", "missing live", "changed live", "unmanaged live", "this change"];
  const ACTIONS = ["delete", "prune", "replace", "update", "deploy", "create"];
  const ORDER = report.purpose === "review" ? ["conflict", "this change", "missing live", "changed live", "unmanaged live"] : CLASSES;
  const SIGNS = { "conflict": "!", "missing live": "×", "changed live": "~", "unmanaged live": "?", "this change": "•" };
  const ACTION_SIGNS = { delete: "−", prune: "−", replace: "±", update: "~", deploy: "~", create: "+" };
  const TITLES = {
    "conflict": "Conflicts: this change and the server touch the same", "missing live": "Missing live",
    "changed live": "Changed live", "unmanaged live": "Unmanaged live: no stack owns it", "this change": "This change",
    "waiting": "In the code already, not applied yet",
  };
  const COLUMNS = ["schedule", "deployment", "queue", "pool", "worker"];
  const WORDS = { absent: "(none)", secret: "[secret]", unknown: "(known after apply)", any: "(server default)" };
  const SVG = "http://www.w3.org/2000/svg";
  const ROWS_SHOWN = 24;
  const SEARCH_WAIT = 40;
  const main = document.getElementById("main");
  const search = document.getElementById("search");
  let shown = 0, only = "", query = "";

  // The filter lies in the address, so that it can be sent to a colleague: #stack=dev&show=conflict&q=pool
  function readAddress() {
    const asked = new URLSearchParams(location.hash.slice(1));
    shown = Math.max(0, report.environments.findIndex((each) => each.stack === asked.get("stack")));
    only = CLASSES.includes(asked.get("show")) ? asked.get("show") : "";
    query = (asked.get("q") || "").toLowerCase();
    search.value = query;
  }

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
  const isSchedule = (path) => /^schedules(\["(.*)"\]|\.\w+)$/s.test(path);
  function schedule(fields) {
    const kind = ["cron", "interval", "rrule"].find((each) => fields[each] !== undefined && fields[each] !== null) || "";
    const rule = kind === "interval" ? "every " + fields[kind] + " s" : (kind + " " + (fields[kind] || "")).trim();
    const parameters = Object.keys(fields.parameters || {}).length ? "parameters " + JSON.stringify(fields.parameters) : "";
    const planned = fields.max_scheduled_runs ? "at most " + fields.max_scheduled_runs + " planned runs" : "";
    return [[rule, fields.timezone || ""].join(" ").trim(), parameters, planned, fields.active === false ? "off" : ""].filter(Boolean).join(", ");
  }
  const text = (side, path) => side.kind === "value" && isSchedule(path) && side.value && typeof side.value === "object" ? schedule(side.value) : side.kind === "value" ? JSON.stringify(side.value, null, typeof side.value === "object" ? 1 : 0) : WORDS[side.kind];
  const byName = new Intl.Collator(undefined, { numeric: true }).compare;
  const moment = (at) => at.length > 16 ? at.slice(0, 10) + " " + at.slice(11, 16) + " UTC" : at;
  const drifted = (item) => item.cls !== "this change";
  const sign = (item) => drifted(item) ? SIGNS[item.cls] : item.action === "deploy" && !item.id ? "+" : ACTION_SIGNS[item.action] || "~";
  const wordsOf = (item) => [item.kind, item.name, item.cls, item.action, item.category, item.note, ...item.fields.map((f) => f.path), ...item.impacts.map((i) => i.flag)].join(" ");

  function ago(then) {
    const seconds = (new Date(report.time) - new Date(then)) / 1000;
    for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
      const count = Math.floor(seconds / length);
      if (count > 0) return ", " + count + " " + unit + (count === 1 ? "" : "s") + " ago";
    }
    return "";
  }
  function when(facts) {
    return [lastChange(facts), facts.since ? "drift seen since " + moment(facts.since) : ""].filter(Boolean).join("; ");
  }
  function lastChange(facts) {
    if (facts.deleted) return "deleted " + moment(facts.deleted) + (facts.deleted_by ? " by " + facts.deleted_by : "") + ago(facts.deleted);
    if (facts.updated && facts.updated !== facts.created) return "updated " + moment(facts.updated) + (facts.updated_by ? " by " + facts.updated_by : "") + ago(facts.updated);
    return facts.created ? "created " + moment(facts.created) + (facts.created_by ? " by " + facts.created_by : "") + ago(facts.created) : "";
  }

  function verdict(environment) {
    const drift = CLASSES.slice(0, 4).filter((c) => environment.classes[c]).map((c) => environment.classes[c] + " " + c);
    const doing = Object.entries(environment.actions).filter(([, n]) => n).map(([a, n]) => n + " to " + a);
    let line = drift.length ? "drift: " + drift.join(", ") : "in sync";
    if (environment.status === "could not check") {
      const read = environment.coverage.reduce((sum, kind) => sum + kind.read, 0);
      line = "could not check: " + read + " of " + environment.objects + " objects were compared" + (drift.length ? "; so far " + drift.join(", ") : "");
    }
    const destroys = environment.items.some((item) => !item.pending && ["delete", "prune", "replace"].includes(item.action));
    environment.tone = environment.status === "in sync" && destroys ? "drift" : environment.status;
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
    const line = verdict(environment), effects = Object.entries(environment.categories).map(([word, n]) => word + ": " + n).join(", ");
    return h("section", { class: "verdict", "data-status": environment.tone },
      h("h2", {}, environment.stack + ": " + line), effects ? h("p", { class: "effects" }, effects) : null,
      h("p", {}, (environment.server || "no server") + version + " · " + environment.objects + " objects in the stack" + (environment.ignored ? " · " + environment.ignored + " unmanaged ignored" : "")),
      lines.length ? h("ul", {}, lines) : null);
  }

  function tiles(environment) {
    const made = ORDER.filter((cls) => environment.classes[cls] || only === cls).map((cls) => h("button", {
      type: "button", class: "tile", "data-state": cls, "aria-pressed": String(only === cls),
      onclick: () => { only = only === cls ? "" : cls; draw(); const tile = document.querySelector('.tile[data-state="' + cls + '"]'); if (tile) tile.focus(); },
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
      .sort((a, b) => b.bad - a.bad || byName(a.pool, b.pool));
    const count = h("small", {});
    const panel = h("section", { class: "panel", id: "picture", "aria-label": "Topology" }, h("h2", {}, "Topology ", count, legend()));
    const cards = groups.map((group, index) => ({
      element: card(group, graph, index < 6 && (group.bad > 0 || groups.length < 4)), on: true,
      words: group.members.map((node) => [node.name, node.kind, node.state, group.pool].join(" ")).join("\n").toLowerCase(),
      states: new Set(group.members.map((node) => node.state)),
    }));
    const chips = limits.sort((a, b) => Boolean(b.state) - Boolean(a.state)).slice(0, 400).map((node) => ({
      element: chip(node), on: true, words: [node.name, "limit", node.state].join(" ").toLowerCase(), states: new Set([node.state]),
    }));
    panel.append(h("div", { class: "pools" }, cards.map((each) => each.element)));
    if (chips.length) panel.append(h("div", { class: "chips", "aria-label": "Limits" }, chips.map((each) => each.element)));
    panel.filter = () => {
      let visible = 0;
      for (const each of [...cards, ...chips]) {
        const on = (!only || each.states.has(only)) && (!query || each.words.includes(query));
        if (on !== each.on) { each.element.classList.toggle("out", !on); each.on = on; }
      }
      for (const each of cards) visible += each.on;
      count.textContent = visible + (visible === 1 ? " pool, " : " pools, ") + nodes.length + " objects";
    };
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

  // The list. Its rows are made once for each environment; a search hides and shows them.
  function list(environment) {
    const holder = h("div", { id: "items" });
    const rank = (item) => drifted(item) ? 0 : ACTIONS.indexOf(item.action);
    const byClass = new Map();
    for (const item of environment.items) {
      const cls = item.cls === "this change" && item.pending ? "waiting" : item.cls;
      if (byClass.has(cls)) byClass.get(cls).push(item); else byClass.set(cls, [item]);
    }
    const sections = [...ORDER, "waiting"].filter((cls) => byClass.has(cls)).map((cls) => {
      const items = byClass.get(cls).sort((a, b) => rank(a) - rank(b) || (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : byName(a.name, b.name)));
      const count = h("small", {}, items.length), rows = items.map((item) => ({ item, words: wordsOf(item).toLowerCase(), element: row(item), on: true }));
      const panel = h("section", { class: "panel list", "aria-label": TITLES[cls] }, h("h2", {}, TITLES[cls], " ", count), rows.map((each) => each.element));
      return { cls: cls === "waiting" ? "this change" : cls, rows, count, panel };
    });
    const empty = h("section", { class: "panel" }, h("div", { class: "empty" }));
    holder.append(...sections.map((section) => section.panel), empty);
    holder.filter = () => {
      let all = 0;
      for (const section of sections) {
        let visible = 0;
        for (const each of section.rows) {
          const on = (!only || section.cls === only) && (!query || each.words.includes(query));
          if (on !== each.on) { each.element.classList.toggle("out", !on); each.on = on; }
          visible += on;
        }
        section.panel.classList.toggle("out", !visible);
        section.count.textContent = String(visible);
        all += visible;
      }
      empty.classList.toggle("out", all > 0);
      empty.firstChild.textContent = query || only ? "Nothing here matches." : "Code, last update and server agree.";
    };
    return holder;
  }
  function row(item) {
    const badges = [
      item.action !== "none" ? h("span", { class: "badge", "data-action": item.action }, item.action) : null,
      item.category && item.category !== "harmless" ? h("span", { class: "badge", "data-category": item.category }, item.category) : null,
      item.accepted ? h("span", { class: "badge" }, item.accepted.expired ? "acceptance expired" : "accepted") : null,
      ...item.impacts.map((impact) => h("span", { class: "badge", "data-state": "changed live" }, impact.flag)).filter((b, i, all) => all.findIndex((o) => o.textContent === b.textContent) === i),
    ];
    const button = h("button", { type: "button", "aria-expanded": "false" },
      h("span", { class: "sign", "aria-hidden": "true" }, sign(item)), h("span", { class: "kind" }, item.kind),
      h("span", { class: "name" }, item.name), h("span", { class: "badges" }, badges.flatMap((b) => b ? [b, " "] : [])), h("span", { class: "when" }, drifted(item) ? when(item.facts) : ""));
    const made = h("article", { class: "item", "data-state": item.cls, "data-action": drifted(item) ? null : item.action, "data-key": item.key }, button);
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
    const written = [item.place, item.author].filter(Boolean).join(", ");
    const page = item.link ? h("a", { href: item.link, rel: "noreferrer", target: "_blank" }, "open in Prefect") : null;
    if (item.note) parts.push(h("p", {}, item.note));
    if (written || page) parts.push(h("p", { class: "when" }, written, written && page ? " · " : "", page));
    if (item.accepted) parts.push(h("p", {}, (item.accepted.expired ? "The acceptance has expired: " : "Accepted: ") + item.accepted.owner + ", " + item.accepted.reason + ", until " + item.accepted.expires));
    parts.push(...item.impacts.map((impact) => h("p", { class: "impact" }, h("b", {}, impact.flag), impact.text)));
    if (item.fields.length) {
      const cell = (field, side, label, moved) => h("td", { class: moved ? "moved mono" : "mono", "data-label": label }, text(field[side], field.path));
      parts.push(h("table", {}, h("thead", {}, h("tr", {}, ["field", "code", "last applied", "live"].map((word) => h("th", { scope: "col" }, word)))),
        h("tbody", {}, item.fields.map((field) => h("tr", { "data-state": field.cls }, h("td", { class: "mono", "data-label": "field" }, field.path + (field.replaces ? " (replaces)" : "")),
          cell(field, "code", "code", field.cls === "this change" || field.cls === "conflict"), cell(field, "applied", "last applied", false), cell(field, "live", "live", field.cls !== "this change" || field.agreed))))));
    }
    if (item.id) parts.push(h("p", { class: "when mono" }, item.key.startsWith("urn:") ? item.key + " · " + item.id : item.id));
    for (const remedy of drifted(item) ? item.remedies : []) parts.push(fix(remedy));
    return h("div", { class: "details" }, parts);
  }
  function fix(remedy) {
    const body = h("div", {}, remedy.text, remedy.command ? h("pre", {}, remedy.command) : null,
      remedy.left.map((reason) => h("p", { class: "left" }, "not adopted: " + reason)),
      remedy.diff ? h("pre", {}, remedy.diff.split("\n").map((line) => h("span", { class: line.startsWith("+") ? "add" : line.startsWith("-") ? "del" : "" }, line + "\n"))) : null);
    const copy = h("button", { type: "button", class: "button copy", onclick: () => navigator.clipboard && navigator.clipboard.writeText(remedy.diff || remedy.command).then(() => { copy.textContent = "copied"; }) }, "copy");
    return h("div", { class: "remedy" }, h("b", {}, remedy.kind), body, copy);
  }
  function open(key) {
    const find = () => [...document.querySelectorAll(".item:not(.out)")].find((each) => each.dataset.key === key);
    if (!find()) { only = ""; query = ""; search.value = ""; draw(); }
    const found = find();
    if (found) found.show();
  }

  // One environment is drawn as a whole; its list and its pools stay, and a search filters them.
  let drawn = null;
  function draw() {
    const environment = report.environments[shown];
    if (!drawn || drawn.environment !== environment) drawn = { environment, head: head(environment), list: list(environment), picture: picture(environment) };
    drawn.list.filter();
    if (drawn.picture) drawn.picture.filter();
    const parts = [drawn.head, tiles(environment), ...(report.purpose === "review" ? [drawn.list, drawn.picture] : [drawn.picture, drawn.list])].filter(Boolean);
    if (main.contains(drawn.list)) main.querySelector(".tiles").replaceWith(parts[1]);
    else main.replaceChildren(...parts);
    const tabs = document.getElementById("tabs");
    tabs.replaceChildren(...(report.environments.length < 2 ? [] : report.environments.map((each, index) => h("button", {
      type: "button", role: "tab", "aria-selected": String(index === shown), onclick: () => { shown = index; only = ""; draw(); },
    }, h("span", { class: "dot", "data-status": each.status }), each.stack))));
    const filter = new URLSearchParams(Object.entries({ stack: report.environments.length > 1 ? environment.stack : "", show: only, q: query }).filter(([, value]) => value));
    if (location.hash.slice(1) !== filter.toString()) history.replaceState(null, "", filter.toString() ? "#" + filter : location.pathname + location.search);
  }
  let waiting = 0;
  search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(() => { query = search.value.trim().toLowerCase(); draw(); }, SEARCH_WAIT); });
  // On paper everything is open.
  addEventListener("beforeprint", () => { for (const button of document.querySelectorAll('.item:not(.out) > button[aria-expanded="false"]')) button.click(); });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.tagName === "INPUT";
    if (event.key === "Escape") { search.value = ""; query = ""; only = ""; draw(); search.blur(); return; }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") { event.preventDefault(); search.focus(); }
    if (event.key === "j" || event.key === "k") {
      const all = [...document.querySelectorAll(".item:not(.out) > button")];
      const next = all.indexOf(document.activeElement) + (event.key === "j" ? 1 : -1);
      if (all.length) all[Math.max(0, Math.min(all.length - 1, next))].focus();
    }
  });
  const root = document.documentElement;
  const keep = (theme) => { root.dataset.theme = theme; };
  keep(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  document.getElementById("theme").addEventListener("click", () => keep(root.dataset.theme === "dark" ? "light" : "dark"));
  addEventListener("hashchange", () => { readAddress(); draw(); });
  readAddress();
  draw();
})();
