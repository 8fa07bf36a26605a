// The long list: all postings as one list of rows of one height, of which only those near the
// window are in the page. The server says where each piece of the list begins.
import { onKey } from "./app.js";

const list = document.getElementById("list");
if (list && list.hasAttribute("data-first")) start();

async function start() {
  const apart = Number(list.dataset.apart);
  const query = list.dataset.query;
  let total = Number(list.dataset.total);
  let rungs = [];
  const pieces = new Map([[0, [...list.children]]]);
  const waiting = new Set();
  let shown = "";
  const pager = document.querySelector(".pager");

  if (total > apart) {
    const answer = await fetch(`/postings/rungs.json?${query}`, { headers: { accept: "application/json" } });
    if (!answer.ok) return;
    ({ total, rungs } = await answer.json());
    if (pager) pager.hidden = true;
  }
  number(pieces.get(0), 0);

  const above = gap();
  const below = gap();

  function gap() {
    const item = document.createElement("li");
    item.className = "gap";
    item.setAttribute("role", "presentation");
    item.setAttribute("aria-hidden", "true");
    return item;
  }

  function height() {
    return list.querySelector(".row")?.getBoundingClientRect().height || 40;
  }

  function number(rows, piece) {
    rows.forEach((row, place) => {
      row.setAttribute("aria-posinset", piece * apart + place + 1);
      row.setAttribute("aria-setsize", total);
      row.dataset.at = piece * apart + place;
    });
  }

  function draw() {
    const row = height();
    const top = -list.getBoundingClientRect().top;
    const last = Math.max(0, Math.ceil(total / apart) - 1);
    const from = Math.min(last, Math.max(0, Math.floor(top / row / apart - 0.5)));
    const to = Math.min(last, Math.max(0, Math.floor((top + innerHeight) / row / apart + 0.5)));
    const key = [];
    for (let piece = from; piece <= to; piece++) {
      if (!pieces.has(piece)) load(piece);
      key.push(`${piece}:${pieces.has(piece)}`);
    }
    if (key.join() === shown && Math.abs(Number(above.dataset.row) - row) < 0.01) return;
    shown = key.join();
    above.dataset.row = row;
    const focused = document.activeElement?.closest?.("#list .row")?.dataset.at;
    const rows = [];
    for (let piece = from; piece <= to; piece++) rows.push(...(pieces.get(piece) ?? [room(piece, row)]));
    above.style.height = `${from * apart * row}px`;
    below.style.height = `${Math.max(0, total - (to + 1) * apart) * row}px`;
    list.replaceChildren(above, ...rows, below);
    if (focused !== undefined) list.querySelector(`[data-at="${focused}"] a`)?.focus({ preventScroll: true });
    forget(from, to);
  }

  // The room of a piece that is on its way is kept free.
  function room(piece, row) {
    const item = gap();
    item.style.height = `${size(piece) * row}px`;
    return item;
  }

  function size(piece) {
    return Math.min(apart, total - piece * apart);
  }

  async function load(piece) {
    if (waiting.has(piece) || rungs[piece] === undefined) return;
    waiting.add(piece);
    try {
      const answer = await fetch(`/postings/rows?${query}${query ? "&" : ""}before=${rungs[piece] + 1}`);
      if (!answer.ok) return;
      const made = new DOMParser().parseFromString(`<ul>${await answer.text()}</ul>`, "text/html");
      const rows = [...made.querySelectorAll("li.row")].slice(0, size(piece)).map((row) => document.adoptNode(row));
      number(rows, piece);
      pieces.set(piece, rows);
      draw();
    } finally {
      waiting.delete(piece);
    }
  }

  function forget(from, to) {
    if (pieces.size < 60) return;
    for (const piece of pieces.keys()) {
      if (piece < from - 10 || piece > to + 10) pieces.delete(piece);
    }
  }

  let asked = false;
  const soon = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; draw(); });
  };
  addEventListener("scroll", soon, { passive: true });
  addEventListener("resize", soon);
  draw();

  async function go(to) {
    const at = Math.min(total - 1, Math.max(0, to));
    const find = () => list.querySelector(`[data-at="${at}"] a`);
    if (!find()) {
      const top = scrollY + list.getBoundingClientRect().top + at * height();
      scrollTo({ top: top - innerHeight / 2, behavior: "instant" });
      for (let tries = 0; tries < 200 && !find(); tries++) {
        draw();
        await new Promise((done) => setTimeout(done, 25));
      }
    }
    find()?.focus();
    find()?.closest(".row").scrollIntoView({ block: "nearest", behavior: "instant" });
  }

  const now = () => {
    const row = document.activeElement?.closest?.("#list .row");
    return row ? Number(row.dataset.at) : -1;
  };
  onKey(["j"], () => { go(now() + 1); });
  onKey(["k"], () => { go(now() < 0 ? 0 : now() - 1); });
  onKey(["G"], () => { go(total - 1); });
  onKey(["g"], () => { go(0); });
}
