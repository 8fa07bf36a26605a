// What all pages share: the theme's switch, keys, forms that send themselves.

const ROUND = ["system", "light", "dark"];
const root = document.documentElement;

const button = document.getElementById("theme");
if (button) {
  const name = button.querySelector("span");
  name.textContent = root.dataset.theme ?? "system";
  button.hidden = false;
  button.addEventListener("click", () => {
    const next = ROUND[(ROUND.indexOf(root.dataset.theme ?? "system") + 1) % ROUND.length];
    if (next === "system") delete root.dataset.theme;
    else root.dataset.theme = next;
    name.textContent = next;
    try {
      if (next === "system") localStorage.removeItem("rolecall-theme");
      else localStorage.setItem("rolecall-theme", next);
    } catch { /* no storage: it holds for this page */ }
  });
}

for (const keys of document.querySelectorAll(".keys")) keys.hidden = false;

for (const form of document.querySelectorAll("form[data-submits]")) {
  form.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement) form.requestSubmit();
  });
}

/** Whether somebody is typing, so that letters are letters. */
export function typing(event) {
  const at = event.target;
  return event.ctrlKey || event.metaKey || event.altKey || event.isComposing ||
    (at instanceof HTMLElement && (at.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName)));
}

/** A short way to listen for one key. */
export function onKey(keys, act) {
  document.addEventListener("keydown", (event) => {
    if (!typing(event) && keys.includes(event.key) && act(event) !== false) event.preventDefault();
  });
}

onKey(["/"], () => {
  const search = document.getElementById("search");
  if (search) { search.focus(); search.select(); } else location.assign("/");
});

const plain = [...document.querySelectorAll(".list:not(#list) .row a")];
if (plain.length && !document.getElementById("list")) {
  const step = (by) => {
    const at = plain.indexOf(document.activeElement);
    plain[Math.min(plain.length - 1, Math.max(0, at < 0 ? 0 : at + by))].focus();
  };
  onKey(["j"], () => step(1));
  onKey(["k"], () => step(-1));
}
