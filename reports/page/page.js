"use strict";
// The page can be read without this script. It sorts tables, filters results, opens the result
// that a link leads to, and unpacks the rows of long tables.
(() => {
  const status = document.getElementById("shown");
  const filters = [...document.querySelectorAll(".filters select")];
  const regions = [...document.querySelectorAll("main .scroll:has(table)")];
  const everyResult = document.getElementById("every-result");
  const details = document.getElementById("details").closest("section");

  // Most rows of a long table lie compressed where they belong. Once they are unpacked, only
  // the first ones are shown until all are asked for: a browser needs seconds for thousands.
  const FIRST = 50;
  const long = new Map(); // body of a long table -> its rows, and how many of them are shown
  const packedIn = (element) =>
    [...element.querySelectorAll("script[type='application/gzip']")];
  const unpack = async (packed) => {
    const bytes = Uint8Array.from(atob(packed.textContent), (one) => one.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const html = await new Response(stream).text();
    if (!packed.isConnected) return; // it was unpacked meanwhile
    packed.insertAdjacentHTML("beforebegin", html);
    packed.remove();
  };
  const unpackTable = async (region) => {
    const packed = packedIn(region);
    if (!packed.length) return;
    await Promise.all(packed.map(unpack));
    const body = region.querySelector("tbody");
    if (!long.has(body)) long.set(body, { rows: [...body.rows], most: FIRST });
  };

  // A filter leaves out every element that has another value.
  const fits = ({ dataset }) => filters.every(({ name, value }) =>
    !value || !(name in dataset) || dataset[name] === value);
  const draw = (body, { rows, most }) => {
    const fitting = rows.filter(fits);
    body.replaceChildren(...fitting.slice(0, most));
    body.closest(".scroll").querySelector(".rest").hidden = fitting.length <= most;
  };
  const filter = async () => {
    if (filters.some(({ value }) => value)) await Promise.all(regions.map(unpackTable));
    show();
  };
  const show = () => {
    for (const [body, state] of long) draw(body, state);
    for (const element of document.querySelectorAll(
      "[data-dataset], [data-protocol], [data-learner]")) element.hidden = !fits(element);
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
    const body = everyResult.tBodies[0];
    const total = Number(everyResult.dataset.rows);
    const shown = [...body.rows].filter((row) => !row.hidden).length;
    const fitting = long.has(body) ? long.get(body).rows.filter(fits).length
      : packedIn(body).length ? total : shown;
    const first = shown < fitting ? `, the first ${shown} shown` : " shown";
    status.value = `${fitting} of ${total} results${first}${more}`;
  };

  // In a column of numbers a number, or NaN if the cell has none; in other columns a text.
  const key = (row, header) => {
    const cell = row.cells[header.cellIndex];
    const text = cell.dataset.value ?? cell.textContent.trim();
    return header.matches(".number") ? parseFloat(text.replace(/^[<>\s]+|,/g, "")) : text;
  };
  const compare = (a, b) => a.localeCompare?.(b, "en", { numeric: true }) ?? a - b;
  // Missing numbers stay at the bottom in both directions.
  const sort = async (header) => {
    const table = header.closest("table");
    const body = table.tBodies[0];
    await unpackTable(table.closest(".scroll"));
    const usual = header.matches(".number") ? "descending" : "ascending";
    const other = usual === "ascending" ? "descending" : "ascending";
    const order = header.getAttribute("aria-sort") === usual ? other : usual;
    const sign = order === "ascending" ? 1 : -1;
    const state = long.get(body) ?? { rows: [...body.rows] };
    const sorted = state.rows.map((row) => ({ row, key: key(row, header) }));
    const missing = (item) => Number.isNaN(item.key);
    sorted.sort((a, b) =>
      missing(a) || missing(b) ? missing(a) - missing(b) : sign * compare(a.key, b.key));
    state.rows = sorted.map(({ row }) => row);
    if (long.has(body)) show();
    else body.append(...state.rows);
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

  for (const button of document.querySelectorAll(".rest button")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const region = button.closest(".scroll");
      if (region) {
        await unpackTable(region);
        long.get(region.querySelector("tbody")).most = Infinity;
        show();
        return;
      }
      // The next results may all be hidden by the filters.
      const count = () => details.querySelectorAll(":scope > details:not([hidden])").length;
      const before = count();
      while (packedIn(details).length && count() === before) {
        await unpack(packedIn(details)[0]);
        show();
      }
      if (!packedIn(details).length) button.parentElement.remove();
    });
  }

  const open = async () => {
    const id = location.hash.slice(1);
    if (!id) return;
    const packed = packedIn(details).find((one) => one.dataset.holds.split(" ").includes(id));
    if (packed) await unpack(packed);
    const target = document.getElementById(id);
    const folded = target?.closest("details");
    if (!folded) return;
    folded.hidden = false;
    folded.open = true;
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
