// Keys, the live page, and nothing else: every page works without this file. Whatever a run says is set as text.
"use strict";
(() => {
  const rows = () => [...document.querySelectorAll("table.list tr[data-href]")];
  const link = (name) => document.querySelector(`a[data-key="${name}"], button[data-key="${name}"]`);
  const open = (address) => { if (address) location.assign(address); };
  const typing = (target) => target.matches("input:not([type=radio]), select, textarea");

  function selected() { return rows().findIndex((row) => row.classList.contains("sel")); }
  function select(at) {
    const all = rows();
    if (!all.length) return;
    const to = Math.max(0, Math.min(all.length - 1, at));
    all.forEach((row, index) => row.classList.toggle("sel", index === to));
    all[to].scrollIntoView({ block: "nearest" });
    try { sessionStorage.setItem(`sel ${location.pathname}${location.search}`, String(to)); } catch { /* it is a comfort */ }
  }
  function step(by) {
    const pressed = link(by > 0 ? "j" : "k");
    if (pressed) { pressed.click(); return; }
    const at = selected();
    const last = rows().length - 1;
    if (by > 0 && at === last && link("n")) { link("n").click(); return; }
    select(at < 0 ? 0 : at + by);
  }
  const actions = {
    j: () => step(1), k: () => step(-1),
    ArrowDown: () => rows().length && step(1), ArrowUp: () => rows().length && step(-1),
    Enter: () => { const row = rows()[selected()]; if (row) open(row.dataset.href); },
    Escape: () => { const up = link("esc"); if (up) up.click(); },
    "/": () => { const field = document.querySelector("input[type=search]"); if (field) { field.focus(); field.select(); } },
    "?": () => document.getElementById("keys").showModal(),
    i: () => open(document.querySelector('nav a[href$="/items"]')?.href),
    c: () => open(document.querySelector('nav a[href^="/compare"]')?.href),
    m: () => { const field = document.querySelector('[data-field="m"]'); if (field) field.focus(); },
    r: () => document.querySelectorAll("details.reasoning").forEach((one) => { one.open = !one.open; }),
    p: () => document.querySelectorAll("details.prompt").forEach((one) => { one.open = !one.open; }),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && typing(event.target)) { event.target.blur(); return; }
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    if (event.target.matches("a, button, summary") && event.key === "Enter") return;
    const own = actions[event.key];
    const pressed = link(event.key);
    if (!own && !pressed) return;
    event.preventDefault();
    if (pressed) pressed.click(); else own();
  });
  document.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-href]");
    if (row && !event.target.closest("a, button, summary, input") && !String(getSelection())) open(row.dataset.href);
  });
  document.querySelectorAll("form.filters select").forEach((field) => {
    field.addEventListener("change", () => { if (field.form.hasAttribute("action")) field.form.requestSubmit(); });
  });
  if (rows().length && ["items", "runs", "compare"].includes(document.body.dataset.page)) {
    let kept = -1;
    try { kept = Number(sessionStorage.getItem(`sel ${location.pathname}${location.search}`) ?? -1); } catch { /* likewise */ }
    if (kept >= 0) select(kept);
  }

  // The whole number of a search in texts: counted part by part while the page is looked at.
  const total = document.querySelector("[data-count]");
  if (total) count(total, total.dataset.count);
  async function count(place, from) {
    let found = 0;
    let seen = 0;
    let after = "";
    for (;;) {
      let part;
      try {
        const answer = await fetch(after ? `${from}&after=${after}` : from, { credentials: "same-origin" });
        if (!answer.ok) return;
        part = await answer.json();
      } catch { return; }
      found += part.found;
      seen += part.looked_at;
      if (part.after === null) break;
      const share = Math.floor(100 * seen / Math.max(1, part.total));
      place.textContent = `at least ${found.toLocaleString("en")} (${share}% searched)`;
      after = part.after;
    }
    place.textContent = found.toLocaleString("en");
  }

  // A run that works: its events come as they are written; the page below is fetched again where the reader is.
  const address = document.body.dataset.live;
  if (address) follow(address);
  function follow(from) {
    const box = document.getElementById("tasks");
    const note = document.getElementById("live-note");
    const lines = new Map();
    const source = new EventSource(from);
    function line(event) {
      let made = lines.get(event.task);
      if (!made) {
        made = document.createElement("div");
        made.className = "task";
        const name = document.createElement("span");
        name.textContent = event.task;
        const bar = document.createElement("progress");
        bar.setAttribute("aria-label", event.task);
        const count = document.createElement("span");
        count.className = "n";
        made.append(name, bar, count);
        box.append(made);
        lines.set(event.task, made);
      }
      const [, bar, count] = made.children;
      bar.max = event.total || 1;
      bar.value = event.status === "finish" ? bar.max : event.done;
      count.textContent = event.total ? `${event.done} of ${event.total}${event.fail ? `, ${event.fail} failed` : ""}` : event.status || "";
      made.dataset.status = event.status || "running";
    }
    source.addEventListener("task", (message) => line(JSON.parse(message.data)));
    source.addEventListener("results", () => refresh());
    source.addEventListener("note", (message) => { note.textContent = JSON.parse(message.data).text; });
    source.addEventListener("end", (message) => {
      source.close();
      note.textContent = JSON.parse(message.data).text;
      refresh();
    });
    source.onerror = () => { note.textContent = "The viewer does not answer; trying again."; };
    source.onopen = () => { note.textContent = "Following the run."; };
  }
  async function refresh() {
    let text;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      if (!answer.ok) return;
      text = await answer.text();
    } catch { return; }
    const fresh = new DOMParser().parseFromString(text, "text/html");
    // What the reader has opened, chosen and scrolled to stays: only what a result changes is exchanged.
    const opened = [...document.querySelectorAll("main details")].map((one) => one.open);
    for (const part of ["#findings", "#state"]) {
      const now = document.querySelector(part);
      const then = fresh.querySelector(part);
      if (now && then) now.replaceChildren(...then.childNodes);
    }
    document.querySelectorAll("main details").forEach((one, at) => { if (opened[at]) one.open = true; });
  }
})();
