// A part of a page that the server makes anew: put in its place without losing the focus.

/** Put the HTML at `address` into `place`; says whether that went well. */
export async function renew(place, address) {
  let answer;
  try {
    answer = await fetch(address, { headers: { "x-part": "1" } });
  } catch {
    return false;
  }
  if (answer.redirected) { location.reload(); return false; }
  if (!answer.ok) return false;
  const made = new DOMParser().parseFromString(await answer.text(), "text/html");
  const key = place.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  const scrolled = [...place.querySelectorAll(".wide")].map((one) => one.scrollLeft);
  place.replaceChildren(...[...made.body.childNodes].map((node) => document.adoptNode(node)));
  place.querySelectorAll(".wide").forEach((one, number) => { one.scrollLeft = scrolled[number] ?? 0; });
  if (key) [...place.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key)?.focus();
  return true;
}
