"use strict";
// The page can be read without this script. It sorts tables, filters results, and opens the
// result that a link leads to.
(() => {
  const status = document.getElementById("shown");
  const filters = [...document.querySelectorAll(".filters select")];
  const every = [...document.querySelectorAll("[data-dataset], [data-protocol], [data-learner]")];
  const regions = [...document.querySelectorAll("main .scroll:has(table)")];
  const rows = every.filter((element) => element.matches("#every-result tbody tr"));

  // A filter hides every element that has another value.
  const filter = () => {
    for (const element of every) {
      element.hidden = filters.some(({ name, value }) =>
        value && name in element.dataset && element.dataset[name] !== value);
    }
    // A table without visible rows is hidden, and so are its footnotes.
    for (const region of regions) {
      const empty = [...region.querySelectorAll("tbody tr")].every((row) => row.hidden);
      region.hidden = empty || ("dataset" in region.dataset && region.hidden);
      const notes = region.nextElementSibling;
      if (notes?.matches(".notes")) notes.hidden = region.hidden;
    }
    // Notes on several tables are hidden with the last of them.
    for (const notes of document.querySelectorAll(".shared")) {
      const own = regions.filter((region) => notes.parentElement.contains(region));
      notes.hidden = own.every((region) => region.hidden);
    }
    tell("");
  };
  const tell = (more) => {
    const shown = rows.filter((row) => !row.hidden).length;
    status.value = `${shown} of ${rows.length} results shown${more}`;
  };

  // In a column of numbers a number, or NaN if the cell has none; in other columns a text.
  const key = (row, header) => {
    const cell = row.cells[header.cellIndex];
    const text = cell.dataset.value ?? cell.textContent.trim();
    return header.matches(".number") ? parseFloat(text.replace(/^[<>\s]+|,/g, "")) : text;
  };
  const compare = (a, b) => a.localeCompare?.(b, "en", { numeric: true }) ?? a - b;
  // Missing numbers stay at the bottom in both directions.
  const sort = (header) => {
    const body = header.closest("table").tBodies[0];
    const usual = header.matches(".number") ? "descending" : "ascending";
    const other = usual === "ascending" ? "descending" : "ascending";
    const order = header.getAttribute("aria-sort") === usual ? other : usual;
    const sign = order === "ascending" ? 1 : -1;
    const sorted = [...body.rows].map((row) => ({ row, key: key(row, header) }));
    const missing = (item) => Number.isNaN(item.key);
    sorted.sort((a, b) =>
      missing(a) || missing(b) ? missing(a) - missing(b) : sign * compare(a.key, b.key));
    body.append(...sorted.map(({ row }) => row));
    for (const one of header.parentElement.cells) one.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", order);
    tell(`; sorted by ${header.textContent.trim()}, ${order}`);
  };

  for (const header of document.querySelectorAll("table.sortable thead th")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    button.addEventListener("click", () => sort(header));
    header.append(button);
  }
  for (const select of filters) select.addEventListener("change", filter);
  document.getElementById("reset").addEventListener("click", () => {
    for (const select of filters) select.value = "";
    filter();
  });

  // A table that is too wide says so, and the keyboard stops at it. Others need no stop.
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const region = target.closest(".scroll");
      const scrolls = region.scrollWidth > region.clientWidth;
      region.tabIndex = scrolls ? 0 : -1;
      region.previousElementSibling.hidden = !scrolls;
    }
  });
  for (const region of regions) {
    const hint = document.createElement("p");
    hint.className = "hint";
    hint.hidden = true;
    hint.textContent = "This table is wider than the page. Scroll it sideways, or with ← and →.";
    region.before(hint);
    sizes.observe(region);
    sizes.observe(region.querySelector("table"));
  }

  const open = () => {
    const target = document.getElementById(location.hash.slice(1));
    const details = target?.closest("details");
    if (!details) return;
    details.hidden = false;
    details.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", open);
  // A second click on the same link does not change the hash.
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("a[href^='#result-']")) setTimeout(open);
  });

  document.querySelector(".filters").hidden = false;
  document.querySelector(".filters details").open = matchMedia("(min-width: 40rem)").matches;
  filter();
  open();
})();
