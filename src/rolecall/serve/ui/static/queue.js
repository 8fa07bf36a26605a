// The queue as it changes: the server tells of events; where it cannot, we look every few seconds.
import { renew } from "./live.js";

const place = document.getElementById("now");
const live = document.getElementById("live");
document.getElementById("again").hidden = true;
live.hidden = false;

const AT_MOST_EVERY = 1000;
const WITHOUT_EVENTS = 3000;
const WITH_EVENTS = 15000;
let due = 0;
let timer = 0;
let said = "";

function say(words) {
  if (words !== said) live.textContent = said = words;
}

async function look() {
  due = 0;
  const well = document.hidden || await renew(place, "/queue/part");
  if (!well) say("the server does not answer");
  else say(events?.readyState === EventSource.OPEN ? "live" : "renewed every few seconds");
  later(events?.readyState === EventSource.OPEN ? WITH_EVENTS : WITHOUT_EVENTS);
}

function later(wait) {
  const moment = Date.now() + wait;
  if (due && due <= moment) return;
  due = moment;
  clearTimeout(timer);
  timer = setTimeout(look, wait);
}

let events = null;
try {
  events = new EventSource("/v1/events");
  const seen = () => later(AT_MOST_EVERY);
  for (const name of ["task", "counts"]) {
    events.addEventListener(name, seen);
  }
  events.addEventListener("open", () => { say("live"); });
  events.addEventListener("error", () => { later(WITHOUT_EVENTS); });
} catch { /* no events: we look */ }
document.addEventListener("visibilitychange", () => { if (!document.hidden) later(0); });
later(WITHOUT_EVENTS);
