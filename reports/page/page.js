"use strict";
// The page can be read without this script. It sorts tables, filters results, and opens the
// result that a link leads to. The rows of a long page are packed: it unpacks them, and shows
// the first ones that fit the filters.
(() => {
  const STEP = 50; // rows of a packed list that are shown at first
  const BETWEEN = "\x1e"; // stands between packed fragments
  const MARKED = "[data-dataset], [data-protocol], [data-learner]";
  const status = document.getElementById("shown");
  const filters = [...document.querySelectorAll(".filters select")];
  const every = [...document.querySelectorAll(MARKED)];
  const regions = [...document.querySelectorAll("main .scroll:has(table)")];
  const results = document.querySelector("#every-result tbody");
  const notesOf = new Map(regions.map((region) => [region, region.nextElementSibling]));
  const packed = [...document.querySelectorAll("script[type='application/gzip']:not([id])")];
  const lists = new Map(); // the element that shows a packed list -> the list
  const itemsOf = (body) => lists.get(body)?.items ?? [...body.children];
  const counted = (number) => number.toLocaleString("en");

  // A filter hides every element that has another value.
  const filter = () => {
    for (const element of every) {
      element.hidden = filters.some(({ name, value }) =>
        value && name in element.dataset && element.dataset[name] !== value);
    }
    for (const list of lists.values()) show(list);
    // A table without visible rows is hidden, and so are its footnotes.
    for (const region of regions) {
      const body = region.querySelector("tbody");
      const empty = [...body.rows].every((row) => row.hidden);
      region.hidden = empty || ("dataset" in region.dataset && region.hidden);
      const list = lists.get(body);
      if (list && region.hidden) list.rest.hidden = true;
      const notes = notesOf.get(region);
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
    const rows = itemsOf(results);
    const fitting = rows.filter((row) => !row.hidden).length;
    const what = lists.size ? "fit the filters" : "shown";
    status.value = `${counted(fitting)} of ${counted(rows.length)} results ${what}${more}`;
  };

  // Whoever opened a result keeps it in sight.
  const show = (list) => {
    const fitting = list.items.filter((item) => !item.hidden);
    const shown = fitting.filter((item, number) => number < list.most || item.open);
    list.body.replaceChildren(...shown);
    list.rest.hidden = shown.length === fitting.length;
    list.rest.firstChild.textContent =
      `${counted(fitting.length - shown.length)} more fit the filters. `;
  };
  const place = (body, items) => {
    const list = lists.get(body);
    if (!list) return body.append(...items);
    list.items = items;
    show(list);
  };
  const unpack = async (script) => {
    const bytes = Uint8Array.from(atob(script.textContent), (one) => one.charCodeAt(0));
    const unzipped = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const text = await new Response(unzipped).text();
    script.remove();
    return text.split(BETWEEN);
  };
  // The packed rows follow those that the page shows already.
  const unpackList = async (script) => {
    const before = script.previousElementSibling;
    const body = before.tBodies?.[0] ?? before;
    const fragments = await unpack(script);
    const template = document.createElement("template");
    template.innerHTML = fragments.join("");
    every.push(...template.content.querySelectorAll(MARKED));
    const rest = document.createElement("p");
    const more = document.createElement("button");
    const list = { body, rest, most: STEP, items: [...body.children, ...template.content.children] };
    rest.className = "rest";
    more.type = "button";
    more.textContent = "Show more";
    more.addEventListener("click", () => {
      list.most *= 2;
      show(list);
    });
    rest.append("", more);
    (body.closest(".scroll") ?? body).after(rest);
    lists.set(body, list);
  };
  // What a packed result says is unpacked when somebody opens the first one.
  const detailed = document.getElementById("every-detail");
  let insides;
  const fill = async (details) => {
    const inside = details.querySelector(".inside");
    if (!detailed || inside.childElementCount) return;
    insides ??= unpack(document.getElementById("insides"));
    const texts = await insides;
    const n_plain = itemsOf(detailed).length - texts.length;
    inside.innerHTML = texts[inside.id.split("-")[1] - 1 - n_plain];
  };
  detailed?.addEventListener("toggle", ({ target }) => fill(target), true);

  // In a column of numbers a number, or NaN if the cell has none; in other columns a text.
  const key = (row, header) => {
    const cell = row.cells[header.cellIndex];
    const text = cell.dataset.value ?? cell.textContent.trim();
    return header.matches(".number") ? parseFloat(text.replace(/^[<>\s]+|,/g, "")) : text;
  };
  const { compare: compareTexts } = new Intl.Collator("en", { numeric: true });
  const compare = (a, b) => (typeof a === "string" ? compareTexts(a, b) : a - b);
  // Missing numbers stay at the bottom in both directions.
  const sort = (header) => {
    const body = header.closest("table").tBodies[0];
    const usual = header.matches(".number") ? "descending" : "ascending";
    const other = usual === "ascending" ? "descending" : "ascending";
    const order = header.getAttribute("aria-sort") === usual ? other : usual;
    const sign = order === "ascending" ? 1 : -1;
    const sorted = itemsOf(body).map((row) => ({ row, key: key(row, header) }));
    const missing = (item) => Number.isNaN(item.key);
    sorted.sort((a, b) =>
      missing(a) || missing(b) ? missing(a) - missing(b) : sign * compare(a.key, b.key));
    place(body, sorted.map(({ row }) => row));
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

  const target = () => {
    const id = location.hash.slice(1);
    const found = document.getElementById(id);
    if (found || !id || !lists.has(detailed)) return found;
    const insides = itemsOf(detailed).map((item) => item.querySelector(".inside"));
    return insides.find((inside) => inside.id === id);
  };
  const open = async () => {
    const inside = target();
    const details = inside?.closest("details");
    if (!details) return;
    details.hidden = false;
    details.open = true;
    if (lists.has(detailed)) show(lists.get(detailed));
    await fill(details);
    inside.scrollIntoView();
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
  if (!packed.length) return;
  // The first rows are drawn before the others are unpacked.
  requestAnimationFrame(() => setTimeout(async () => {
    try {
      for (const script of packed) await unpackList(script);
    } catch {
      status.value = "Cannot unpack the other rows. Open the page in a newer browser.";
      return;
    }
    filter();
    open();
  }));
})();
