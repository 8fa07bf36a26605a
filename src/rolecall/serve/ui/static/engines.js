// A look at the engines, without leaving the page.
import { renew } from "./live.js";

const button = document.getElementById("look");
const told = document.getElementById("looking");
button?.addEventListener("click", async (event) => {
  event.preventDefault();
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  told.textContent = "Looking; this may take some seconds.";
  const well = await renew(document.getElementById("now"), "/engines/look");
  told.textContent = well ? "" : "The server does not answer.";
  button.removeAttribute("aria-disabled");
});
