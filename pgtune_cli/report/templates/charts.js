// Each figure is drawn from its own table, as wide as there is room.
const SVG = "http://www.w3.org/2000/svg";

function draw(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function text(x, y, said, attributes = {}) {
  return draw("text", { x, y, ...attributes }, said);
}

function cut(label, width) {
  const room = Math.max(Math.floor(width / 6.8), 4);
  return label.length > room ? label.slice(0, room - 1) + "…" : label;
}

function link(row, ...children) {
  const said = row.label + ": " + row.shown.join(", ");
  return draw("a", { href: row.anchor, "aria-label": said }, draw("title", {}, said), ...children);
}

function figureRows(figure) {
  return [...figure.querySelectorAll("tbody tr")].map((line) => ({
    label: line.querySelector("a").textContent,
    anchor: line.querySelector("a").getAttribute("href"),
    values: [...line.querySelectorAll("td")].map((cell) => Number(cell.dataset.v)),
    shown: [...line.querySelectorAll("td")].map((cell) => cell.textContent),
  }));
}

function percentAxis(width, left, height, top, most) {
  const lines = [];
  for (const part of [0, 0.25, 0.5, 0.75, 1]) {
    const y = top + height * (1 - part);
    lines.push(draw("line", { x1: left, x2: width, y1: y, y2: y, class: "grid" }));
    lines.push(text(left - 6, y + 4, Math.round(most * part * 1000) / 10 + " %", { "text-anchor": "end" }));
  }
  return lines;
}

const DRAWN = {
  cumulative(rows, width) {
    const left = 46, top = 10, height = 190, step = (width - left) / rows.length;
    const y = (value) => top + height * (1 - Math.min(value, 1));
    const middle = (number) => left + step * (number + 0.5);
    const path = rows.map((row, number) => (number ? "L" : "M") + middle(number) + " " + y(row.values[1])).join("");
    const bars = rows.map((row, number) => link(row,
      draw("rect", { x: left + step * number, y: top, width: step, height, fill: "transparent" }),
      draw("rect", { x: left + step * number + step * 0.15, y: y(row.values[0]), width: step * 0.7,
        height: Math.max(top + height - y(row.values[0]), 1), class: "col" }),
      draw("circle", { cx: middle(number), cy: y(row.values[1]), r: 3.5, class: "dot" })));
    const every = Math.ceil(26 / step);
    const ranks = rows.map((_, number) => number % every ? "" :
      text(middle(number), top + height + 16, String(number + 1), { "text-anchor": "middle" })).filter(Boolean);
    return [height + top + 24, ...percentAxis(width, left, height, top, 1), draw("path", { d: path, class: "line" }),
      ...bars, ...ranks];
  },
  frontier(rows, width) {
    const left = 50, top = 20, height = 180, right = 26;
    const widest = rows.at(-1).values[0] || 1, most = Math.max(...rows.map((row) => row.values[1])) || 1;
    const x = (value) => left + (width - left - right) * value / widest;
    const y = (value) => top + height * (1 - value / most);
    const path = "M" + x(0) + " " + y(0) + rows.map((row) => "L" + x(row.values[0]) + " " + y(row.values[1])).join("");
    let last = -100, below = false;
    const beside = (row) => {
      below = x(row.values[0]) - last > 16 || !below;
      last = x(row.values[0]);
      return below ? 18 : -9;
    };
    const points = rows.flatMap((row) => [
      text(x(row.values[0]), y(row.values[1]) + beside(row), row.anchor.replace("#index-", ""), { "text-anchor": "middle" }),
      link(row, draw("circle", { cx: x(row.values[0]), cy: y(row.values[1]), r: 5, class: "now" }))]);
    return [height + top + 24, ...percentAxis(width, left, height, top, most), draw("path", { d: path, class: "line step" }),
      ...points, text(left, top + height + 18, "0"),
      text(width, top + height + 18, rows.at(-1).shown[0] + " of indexes", { "text-anchor": "end" })];
  },
  "before-after"(rows, width) {
    const floor = (value) => Math.log10(Math.max(value, 0.01)), line = 38;
    const all = rows.flatMap((row) => row.values.map(floor));
    const low = Math.min(...all), span = Math.max(...all) - low || 1, room = width - 20;
    const x = (value) => 10 + room * (floor(value) - low) / span;
    return [rows.length * line + 6, ...rows.flatMap((row, number) => {
      const y = number * line + 28, [was, now] = row.values.map(x);
      const said = row.shown.join(" → ");
      return [text(0, y - 14, cut(row.label, width - said.length * 7.5 - 12), { class: "label" }),
        text(width, y - 14, said, { "text-anchor": "end" }),
        link(row, draw("rect", { x: 0, y: number * line, width, height: line, fill: "transparent" }), draw("line", { x1: was, x2: now, y1: y, y2: y, class: "link" }),
        draw("circle", { cx: was, cy: y, r: 5, class: "was" }), draw("circle", { cx: now, cy: y, r: 5, class: "now" }))];
    })];
  },
  buffers(rows, width) {
    const line = 34, most = Math.max(...rows.map((row) => row.values[0] + row.values[1])) || 1;
    return [rows.length * line + 4, ...rows.flatMap((row, number) => {
      const y = number * line, hit = width * row.values[0] / most, read = width * row.values[1] / most;
      const said = row.shown[0] + " hit, " + row.shown[1] + " read";
      return [text(0, y + 13, cut(row.label, width - said.length * 7 - 12), { class: "label" }),
        text(width, y + 13, said, { "text-anchor": "end" }),
        link(row, draw("rect", { x: 0, y, width, height: line, fill: "transparent" }),
        draw("rect", { x: 0, y: y + 18, width: hit, height: 9, class: "col" }),
        draw("rect", { x: hit, y: y + 18, width: read, height: 9, class: "was" }))];
    })];
  },
};
const KEYS = {
  cumulative: [["", "the statement alone"], ["k-warn", "with those before it"]],
  "before-after": [["k-warn", "before"], ["k-good", "after"]],
  buffers: [["", "hit"], ["k-warn", "read"]],
};

function drawFigure(figure) {
  const kind = figure.dataset.chart, canvas = figure.querySelector(".canvas"), rows = figureRows(figure);
  const width = Math.max(Math.floor(canvas.clientWidth), 200);
  if (canvas.dataset.width === String(width)) return;
  canvas.dataset.width = width;
  const [height, ...shapes] = DRAWN[kind](rows, width);
  const title = figure.querySelector("figcaption b").textContent;
  const picture = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": title }, ...shapes);
  const key = document.createElement("p");
  key.className = "key";
  for (const [name, said] of KEYS[kind] || []) {
    const entry = document.createElement("span");
    entry.className = name;
    entry.textContent = said;
    key.append(entry);
  }
  canvas.replaceChildren(...(key.childElementCount ? [key] : []), picture);
}

function drawFigures() {
  document.querySelectorAll("figure[data-chart]").forEach(drawFigure);
}

listStatements();
drawFigures();
document.querySelectorAll("article, #skipped").forEach(addCopyButtons);
document.querySelectorAll(".statement[open]").forEach(fill);
addEventListener("resize", drawFigures);
addEventListener("beforeprint", drawFigures);
addEventListener("hashchange", reveal);
reveal();
