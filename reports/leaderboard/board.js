"use strict";
// The table can be read without this script. It filters and sorts the rows. Neither changes
// a rank. The filters stand in the address, so that a link keeps them.

// While a long page loads, the style sheet leaves out the rows that are not shown at first.
document.documentElement.classList.add("scripted");
document.addEventListener("DOMContentLoaded", () => {
  const STEP = 50; // rows that are shown at first, so that a long table answers at once
  const form = document.querySelector("form.filters");
  const body = document.querySelector("#entries tbody");
  const controls = [...form.elements].filter((element) => element.name);
  const status = document.getElementById("shown");
  const rest = document.getElementById("rest");
  let most = STEP;
  // All rows in their order. The rows of the page are only those that are shown.
  const rows = [...body.rows].map((row) => (
    { row, ...row.dataset, text: row.textContent.toLowerCase() }));

  const chosen = () => {
    const wanted = {};
    for (const { name, value } of controls) wanted[name] = value.trim();
    return wanted;
  };
  // An empty choice asks for nothing, but for "trust": there it asks for the usual level.
  const matches = (wanted) => {
    const words = wanted.text.toLowerCase().split(/\s+/);
    const trust = Number(wanted.trust || 1);
    const same = ["way", "pretraining", "seen", "backbone"].filter((name) => wanted[name]);
    return (one) =>
      Number(one.trust) >= trust &&
      same.every((name) => one[name].trim() === wanted[name]) &&
      words.every((word) => one.text.includes(word));
  };
  const counted = (number) => number.toLocaleString("en");
  const filter = () => {
    const fitting = rows.filter(matches(chosen()));
    const shown = fitting.slice(0, most);
    body.replaceChildren(...shown.map(({ row }) => row));
    status.value = `${counted(shown.length)} of ${counted(rows.length)} rows shown`;
    rest.hidden = shown.length === fitting.length;
    document.getElementById("n-rest").textContent =
      `${counted(fitting.length - shown.length)} more rows fit the filters.`;
  };

  const write = () => {
    const address = new URLSearchParams();
    for (const [name, value] of Object.entries(chosen())) if (value) address.set(name, value);
    const start = location.href.split("#")[0];
    history.replaceState(null, "", address.size ? `${start}#${address}` : start);
  };
  const read = () => {
    const hash = location.hash.slice(1);
    if (hash && !hash.includes("=")) return; // a link to a place on this page
    const address = new URLSearchParams(hash);
    for (const control of controls) {
      control.value = address.get(control.name) ?? "";
      if (control.selectedIndex === -1) control.value = ""; // a choice that is not there
    }
    filter();
  };
  const change = () => {
    most = STEP;
    filter();
    write();
  };

  // In a column of numbers a number, or NaN if the cell has none; in other columns a text.
  const key = (row, header) => {
    const text = row.cells[header.cellIndex].textContent.trim();
    return header.dataset.key ? parseFloat(text.replace(/^[^\d]*$|,/g, "")) : text;
  };
  const { compare: compareTexts } = new Intl.Collator("en", { numeric: true });
  const compare = (a, b) => (typeof a === "string" ? compareTexts(a, b) : a - b);
  // Missing numbers stay at the bottom in both directions.
  const sort = (header) => {
    const usual = header.dataset.key === "number" ? "descending" : "ascending";
    const other = usual === "ascending" ? "descending" : "ascending";
    const order = header.getAttribute("aria-sort") === usual ? other : usual;
    const sign = order === "ascending" ? 1 : -1;
    const missing = (item) => Number.isNaN(item.key);
    for (const one of rows) one.key = key(one.row, header);
    rows.sort((a, b) =>
      missing(a) || missing(b) ? missing(a) - missing(b) : sign * compare(a.key, b.key));
    for (const one of header.parentElement.cells) one.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", order);
    filter();
    status.value += `; sorted by ${header.textContent.trim()}, ${order}`;
  };
  for (const header of document.querySelectorAll("#entries thead th")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    button.addEventListener("click", () => sort(header));
    header.append(button);
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", change);
  form.addEventListener("reset", () => setTimeout(change));
  document.getElementById("more").addEventListener("click", () => {
    most *= 2;
    filter();
  });
  addEventListener("hashchange", read);

  const filters = document.getElementById("filters");
  filters.hidden = false;
  filters.open = matchMedia("(min-width: 40.01rem)").matches;
  read();
  document.documentElement.classList.remove("scripted");
});
