// The list of statements: details that are packed are unpacked when they are opened; filter and sort.
const parts = new Map();

async function part(number) {
  const text = document.getElementById("part-" + number).textContent;
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

async function fill(row) {
  if (row.dataset.part) {
    const [number, place] = row.dataset.part.split(" ").map(Number);
    delete row.dataset.part;
    if (!parts.has(number)) parts.set(number, part(number));
    // markup of the report's own making, in which every text is escaped
    row.insertAdjacentHTML("beforeend", (await parts.get(number))[place]);
  }
  addCopyButtons(row);
}

function listStatements() {
  const list = document.getElementById("list"), tools = document.querySelector(".tools");
  list.addEventListener("toggle", (event) => {
    if (event.target.classList.contains("statement") && event.target.open) fill(event.target);
  }, true);
  if (!tools) return;
  const filter = document.getElementById("filter"), sort = document.getElementById("sort");
  const fixable = document.getElementById("fixable"), shown = document.getElementById("shown");
  const rows = [...list.children].map((row) => ({
    row, keys: row.dataset.k.split(" ").map(Number), text: row.dataset.find, fix: "fix" in row.dataset,
  }));
  const packed = rows.filter((one) => one.text === undefined);
  async function apply() {
    if (packed.length && filter.value) {
      const texts = await part("find");
      packed.splice(0).forEach((one, place) => (one.text = texts[place]));
    }
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const one of rows) {
      one.row.hidden = (fixable.checked && !one.fix) || !words.every((word) => one.text.includes(word));
      if (!one.row.hidden) count++;
    }
    shown.textContent = count + " of " + rows.length + " shown";
  }
  function reorder() {
    const key = Number(sort.value);
    rows.sort((one, other) => other.keys[key] - one.keys[key]);
    list.append(...rows.map((one) => one.row));
  }
  tools.hidden = false;
  filter.addEventListener("input", apply);
  fixable.addEventListener("change", apply);
  sort.addEventListener("change", reorder);
  apply();
}
