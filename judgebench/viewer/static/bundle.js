// The list of items of a bundle: searched and narrowed in the page. Whatever a run says is set as text.
"use strict";
(() => {
  const STEP = 100;
  const form = document.getElementById("chosen");
  const lines = document.getElementById("lines");
  const more = document.getElementById("more");
  const count = document.getElementById("count");
  let found = [];

  function made(name, text, kind) {
    const one = document.createElement(name);
    one.textContent = text;
    if (kind) one.className = kind;
    return one;
  }
  function sign(said) {
    const cell = document.createElement("td");
    if (said) {
      const shown = made("span", said[1], `v ${said[0]}`);
      shown.title = said[2];
      cell.append(shown);
    }
    return cell;
  }
  function row(item) {
    const line = document.createElement("tr");
    const name = made("td", "", "name");
    const label = item.name + (item.repeat ? ` repeat ${item.repeat}` : "");
    if (item.page) {
      const link = made("a", label);
      link.href = item.page;
      line.dataset.href = item.page;
      name.append(link);
    } else name.textContent = label;
    line.append(
      name, sign(item.sign), sign(item.rule), made("td", item.model, "name"), made("td", item.row, "name"),
      made("td", (item.fields || []).join(" · ")), made("td", item.question || "", "cut"),
      made("td", item.answer || "", "name"),
    );
    return line;
  }
  function grow() {
    const from = lines.children.length;
    lines.append(...found.slice(from, from + STEP).map(row));
    more.hidden = lines.children.length >= found.length;
  }
  function show(chosen) {
    const words = (chosen.get("text") || "").toLowerCase().split(/\s+/).filter(Boolean);
    const only = chosen.get("only");
    found = ITEMS.filter((item) =>
      (!only || item.kinds.includes(only))
      && (!chosen.get("row") || item.row === chosen.get("row"))
      && (!chosen.get("model") || item.model === chosen.get("model"))
      && (!chosen.get("reason") || (item.reason || "").includes(chosen.get("reason")))
      && words.every((word) => (item.text || "").includes(word)));
    const reason = chosen.get("reason") ? `, with the reason “${chosen.get("reason")}”` : "";
    count.textContent = `${found.length} of ${ITEMS.length} items${reason}`;
    lines.replaceChildren();
    grow();
  }
  function of(address) {
    const chosen = new URLSearchParams(address);
    for (const field of form.elements) field.value = chosen.get(field.name) || "";
    return chosen;
  }
  function change() {
    const chosen = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    history.replaceState(null, "", `#${chosen}`);
    show(chosen);
  }
  form.addEventListener("input", change);
  form.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", grow);
  addEventListener("hashchange", () => show(of(location.hash.slice(1))));
  show(of(location.hash.slice(1)));
})();
