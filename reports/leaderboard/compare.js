"use strict";
// Compares two entries of a protocol, which are chosen in the address or in two lists. The
// numbers of an entry come from a script beside its page, so this works without a server.
(() => {
  const form = document.getElementById("choose");
  if (!form) return;
  const { a, b, swap } = form.elements;
  const answer = document.getElementById("answer");
  const comparison = document.getElementById("comparison");
  const quantile = Number(form.dataset.quantile);
  const loaded = new Map(); // file -> promise of its numbers
  const waiting = new Map(); // key of an entry -> what takes its numbers

  const take = (data) => waiting.get(data.key)?.(data);
  window.fewbench = { push: take };

  const load = ({ value: key, dataset: { file } }) => {
    if (!loaded.has(file)) {
      loaded.set(file, new Promise((resolve, reject) => {
        waiting.set(key, resolve);
        const script = document.createElement("script");
        script.src = file;
        script.onerror = () => reject(new Error(`cannot load ${file}`));
        document.head.append(script);
      }));
    }
    return loaded.get(file);
  };

  const percent = (share) => (100 * share).toFixed(2);
  const signed = (share) => `${share > 0 ? "+" : ""}${percent(share)}`.replace("-", "−");
  const counted = (number) => number.toLocaleString("en");
  const text = (id, words) => { document.getElementById(id).textContent = words; };
  const cell = (words, kind = "td") => {
    const element = document.createElement(kind);
    element.textContent = words;
    if (kind === "th") element.scope = "row";
    return element;
  };
  const fill = (id, lines, numbers) => {
    const rows = lines.map(([first, ...others]) => {
      const row = document.createElement("tr");
      row.append(cell(first, "th"), ...others.map((words) => cell(words)));
      if (numbers) for (const one of [...row.cells].slice(1)) one.className = "number";
      return row;
    });
    document.getElementById(id).replaceChildren(...rows);
  };

  const divisor = (a, b) => (b ? divisor(b, a % b) : a);
  // The difference in each episode as a whole number of units, and the size of a unit.
  const differences = (one, other) => {
    const [answers, others] = [one.answers_per_episode, other.answers_per_episode];
    const common = divisor(answers, others);
    const whole = one.correct.map((right, i) =>
      (right * others - other.correct[i] * answers) / common);
    return { whole, unit: common / answers / others };
  };

  // The mean of paired differences with its t interval. There is no interval if nearly all
  // differences are the same: their spread tells too little.
  const paired = (values, unit) => {
    const n = values.length;
    const mean = values.reduce((sum, value) => sum + value, 0) / n;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    const differing = n - Math.max(...counts.values());
    const few = differing < Math.min(Number(form.dataset.few), n / 2);
    const half = few || n < 2 ? null : unit * quantile * Math.sqrt(squares / (n - 1) / n);
    return { n, mean: unit * mean, half, differing };
  };

  const byEpisode = (one, other) => {
    const { whole, unit } = differences(one, other);
    const { n, mean, half, differing } = paired(whole, unit);
    const interval = half === null
      ? `(no interval: the difference is the same in all episodes but ${counted(differing)})`
      : `± ${percent(half)} (${form.dataset.level}, paired t over ${counted(n)} episodes)`;
    answer.textContent = `A minus B: ${signed(mean)} ${interval}, in percentage points.`;
    const wins = whole.filter((value) => value > 0).length;
    const losses = whole.filter((value) => value < 0).length;
    text("episodes-text",
      `A is better in ${counted(wins)} episodes, B in ${counted(losses)}; ` +
      `they are equal in ${counted(n - wins - losses)}.`);
    const bins = histogram(whole, unit);
    plot(bins, mean);
    fill("bins", bins.map(({ low, high, count }) => [signed(low), signed(high), counted(count)]));
  };

  // An odd number of bins of an odd number of units: the one in the middle is around 0, and
  // no difference lies between two bins.
  const histogram = (whole, unit) => {
    const largest = whole.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    let width = 1;
    while (largest / width > 20) width += 2;
    const half = Math.round(largest / width);
    const inner = (width - 1) / 2;
    const bins = [];
    for (let i = -half; i <= half; i += 1) {
      bins.push({ low: (i * width - inner) * unit, high: (i * width + inner) * unit, count: 0 });
    }
    for (const value of whole) bins[Math.round(value / width) + half].count += 1;
    return bins;
  };

  const svg = (name, attributes, words = "") => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = words;
    return element;
  };
  const plot = (bins, mean) => {
    const panel = document.getElementById("plot");
    const [width, height, bottom] = [Math.min(panel.clientWidth - 24, 640), 220, 180];
    const step = width / bins.length;
    const top = Math.max(...bins.map(({ count }) => count));
    const image = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
    image.setAttribute("aria-label", "Histogram of the differences; its numbers are in the table below.");
    bins.forEach(({ low, high, count }, i) => {
      const tall = (count / top) * (bottom - 30);
      const middle = (low + high) / 2;
      const fill = middle > 1e-9 ? "#0072B2" : middle < -1e-9 ? "#D55E00" : "#8A8A8A";
      image.append(svg("rect", { x: i * step + 1, y: bottom - tall, width: step - 2, height: tall, fill }));
    });
    const [first, last] = [bins[0], bins.at(-1)].map(({ low, high }) => (low + high) / 2);
    const place = (value) => step / 2 + ((value - first) / (last - first)) * (width - step);
    const grid = { x1: 0, x2: width, y1: 30, y2: 30, stroke: "#8A8A8A", "stroke-width": 0.5 };
    image.append(svg("line", grid), svg("text", { x: 0, y: 26 }, `${counted(top)} episodes`));
    image.append(svg("line", { x1: 0, x2: width, y1: bottom, y2: bottom, stroke: "#222222" }));
    image.append(svg("line", { x1: place(mean), x2: place(mean), y1: 16, y2: bottom, stroke: "#222222", "stroke-dasharray": "4 3" }));
    const label = { y: 12, "text-anchor": "middle" };
    image.append(svg("text", { ...label, x: Math.min(Math.max(place(mean), 50), width - 50) }, `mean ${signed(mean)}`));
    const axis = { y: bottom + 18 };
    image.append(svg("text", { ...axis, x: 0 }, signed(bins[0].low)));
    image.append(svg("text", { ...axis, x: place(0), "text-anchor": "middle" }, "0"));
    image.append(svg("text", { ...axis, x: width, "text-anchor": "end" }, signed(bins.at(-1).high)));
    image.append(svg("text", { y: bottom + 36, x: 0 }, "← B is better"));
    image.append(svg("text", { y: bottom + 36, x: width, "text-anchor": "end" }, "A is better →"));
    panel.replaceChildren(image);
  };

  const byClass = (one, other) => {
    const others = new Map(other.classes.map(([name, hits, queries]) => [name, { hits, queries }]));
    const lines = [];
    for (const [name, hits, queries] of one.classes) {
      const theirs = others.get(name);
      if (!theirs || !queries || !theirs.queries) continue; // no episode has this class
      const share = hits / queries;
      const their = theirs.hits / theirs.queries;
      lines.push({ name, share, their, queries, theirs: theirs.queries });
    }
    lines.sort((x, y) => (y.share - y.their) - (x.share - x.their) || (x.name < y.name ? -1 : 1));
    fill("classes", lines.map(({ name, share, their, queries, theirs }) => [
      name, percent(share), percent(their), signed(share - their),
      counted(queries), counted(theirs),
    ]), true);
  };

  const show = async () => {
    const [first, second] = [a, b].map(({ selectedOptions: [option] }) => option);
    answer.textContent = "Loading …";
    try {
      const [one, other] = await Promise.all([load(first), load(second)]);
      // Another pair may have been chosen in the meantime.
      if (first !== a.selectedOptions[0] || second !== b.selectedOptions[0]) return;
      comparison.hidden = false; // first, so that the plot knows its width
      byEpisode(one, other);
      byClass(one, other);
    } catch (error) {
      comparison.hidden = true;
      answer.textContent = `These entries cannot be compared: ${error.message}.`;
    }
  };

  const read = () => {
    const address = new URLSearchParams(location.hash.slice(1));
    for (const [list, usual] of [[a, 0], [b, 1]]) {
      list.value = address.get(list.name) ?? "";
      if (list.selectedIndex === -1) list.selectedIndex = usual;
    }
    show();
  };
  const change = () => {
    const address = new URLSearchParams({ a: a.value, b: b.value });
    history.replaceState(null, "", `${location.href.split("#")[0]}#${address}`);
    show();
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", change);
  swap.addEventListener("click", () => {
    [a.value, b.value] = [b.value, a.value];
    change();
  });
  addEventListener("hashchange", () => {
    if (!location.hash || location.hash.includes("=")) read();
  });
  form.hidden = false;
  read();
})();
