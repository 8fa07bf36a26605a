// One posting: a value lights up its words and the words their value, with the mouse and the keys;
// words that are selected in the text go into the form that is open.
import { onKey } from "./app.js";

const text = document.getElementById("text");
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

function names(element) {
  const own = element?.closest?.("[data-names]");
  return own ? own.dataset.names.split(" ") : [];
}

function light(wanted) {
  for (const element of document.querySelectorAll(".on")) element.classList.remove("on");
  if (!wanted.length) return;
  const set = new Set(wanted);
  for (const piece of text?.querySelectorAll("[data-names]") ?? []) {
    if (piece.dataset.names.split(" ").some((name) => set.has(name))) piece.classList.add("on");
  }
  for (const name of set) document.getElementById(name)?.classList.add("on");
}

function near(element) {
  if (!element || !text) return;
  const box = text.getBoundingClientRect();
  const own = element.getBoundingClientRect();
  if (own.top < box.top + 8 || own.bottom > box.bottom - 8) {
    text.scrollBy({ top: own.top - box.top - box.height / 3, behavior: still ? "instant" : "smooth" });
  }
}

for (const value of document.querySelectorAll(".value")) {
  const lit = () => { light([value.dataset.name]); near(text?.querySelector(".on")); };
  value.addEventListener("mouseenter", lit);
  value.addEventListener("focusin", lit);
  value.addEventListener("mouseleave", () => light([]));
  value.addEventListener("focusout", () => light([]));
}
if (text) {
  const narrow = (target) => {
    const piece = target?.closest?.("[data-names]");
    if (!piece) return [];
    const own = piece.getAttribute("href")?.slice(1);
    return own ? [own] : names(piece);
  };
  text.addEventListener("mouseover", (event) => light(narrow(event.target)));
  text.addEventListener("mouseleave", () => light([]));
  text.addEventListener("focusin", (event) => light(narrow(event.target)));
  text.addEventListener("focusout", () => light([]));
}

// Places count characters as the server does: code points, and one for each element .ctl.
function placeOf(node, offset) {
  const piece = (node.nodeType === Node.TEXT_NODE ? node.parentElement : node).closest("[data-s]");
  if (!piece || !text.contains(piece)) return null;
  const range = document.createRange();
  range.setStart(piece, 0);
  range.setEnd(node, offset);
  const part = range.cloneContents();
  return Number(piece.dataset.s) + [...part.textContent].length + part.querySelectorAll(".ctl").length;
}

function chosen() {
  const selection = getSelection();
  if (!text || !selection || selection.isCollapsed || !selection.rangeCount) return null;
  const range = selection.getRangeAt(0);
  if (!text.contains(range.commonAncestorContainer)) return null;
  let { startContainer, startOffset, endContainer, endOffset } = range;
  if (startContainer === text) { startContainer = text.children[startOffset] ?? text; startOffset = 0; }
  if (endContainer === text) {
    endContainer = text.children[Math.max(0, endOffset - 1)];
    endOffset = endContainer.childNodes.length;
  }
  const start = placeOf(startContainer, startOffset);
  const end = placeOf(endContainer, endOffset);
  return start === null || end === null || start >= end ? null : { start, end, words: selection.toString() };
}

const tools = document.getElementById("choose");
document.addEventListener("selectionchange", () => {
  const found = chosen();
  if (!found) return;
  const form = document.querySelector(".edit[open] form");
  if (tools) {
    tools.hidden = false;
    tools.textContent = form ? `Selected for ${form.dataset.row.replaceAll("_", " ")}` : "Open a row to use the selection";
  }
  if (form) {
    form.elements.start.value = found.start;
    form.elements.end.value = found.end;
    form.elements.words.value = found.words.replace(/\s+/g, " ").trim().slice(0, 1000);
  }
});
for (const form of document.querySelectorAll(".edit form")) {
  // Words that are typed by hand are looked up anew.
  form.elements.words.addEventListener("input", () => { form.elements.start.value = form.elements.end.value = ""; });
}
for (const edit of document.querySelectorAll(".edit")) {
  edit.addEventListener("toggle", () => {
    if (edit.open && !edit.contains(document.activeElement)) return;
    if (edit.open) edit.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  });
}

const lines = [...document.querySelectorAll(".line")];
let at = -1;
function step(by) {
  const focused = lines.findIndex((line) => line.contains(document.activeElement));
  at = Math.min(lines.length - 1, Math.max(0, (focused >= 0 ? focused : at) + by));
  for (const line of lines) line.classList.toggle("now", line === lines[at]);
  const target = lines[at].querySelector(".value, summary");
  (target ?? lines[at]).focus?.({ preventScroll: true });
  lines[at].scrollIntoView({ block: "nearest", behavior: still ? "instant" : "smooth" });
}
if (lines.length) {
  onKey(["j"], () => step(1));
  onKey(["k"], () => step(-1));
  onKey(["e"], () => {
    const edit = lines[at]?.querySelector(".edit");
    if (!edit) return false;
    edit.open = true;
    edit.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  });
}
onKey(["["], () => { document.querySelector("a[rel=prev]")?.click(); });
onKey(["]"], () => { document.querySelector("a[rel=next]")?.click(); });
document.addEventListener("keydown", (event) => {
  const edit = event.key === "Escape" && event.target.closest?.(".edit[open]");
  if (edit) { edit.open = false; edit.querySelector("summary").focus(); }
});
