// Figures as they change: servers write them every ten seconds, so we look as often.
import { renew } from "./live.js";

const place = document.getElementById("now");
const live = document.getElementById("live");
document.getElementById("again").hidden = true;
live.hidden = false;

const EVERY = 10000;

async function look() {
  const path = `/monitor/part?since=${encodeURIComponent(place.dataset.since)}`;
  const well = document.hidden || await renew(place, path);
  live.textContent = well ? "renewed every ten seconds" : "the server does not answer";
  setTimeout(look, EVERY);
}
setTimeout(look, EVERY);
