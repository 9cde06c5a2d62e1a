// What the pages gain when scripts run; without it everything still works.

const MINUTE = 60_000;

/** The whole days, hours or minutes of a length in milliseconds, rounded down like rendering.span. */
export function span(length) {
  const minutes = Math.floor(length / MINUTE);
  for (const [unit, size] of [["day", 1440], ["hour", 60], ["minute", 1]]) {
    const count = Math.floor(minutes / size);
    if (count) return `${count} ${unit}${count === 1 ? "" : "s"}`;
  }
  return "moments";
}

/** How an instant reads beside `now`: "in 3 days", "2 days late" for what is due, "3 days ago" for what is past. */
export function relative(at, now, kind) {
  if (kind === "due" && at > now) return `in ${span(at - now)}`;
  if (now - at < MINUTE) return kind === "due" ? "due now" : "just now";
  return `${span(now - at)} ${kind === "due" ? "late" : "ago"}`;
}

// The server's clock is the one that counts: the page says what it was when it was made.
const made = Date.parse(document.querySelector("footer time")?.dateTime ?? "") || Date.now();
const started = Date.now();
const now = () => made + (Date.now() - started);

function tick() {
  for (const each of document.querySelectorAll("time[data-relative]")) {
    const text = relative(Date.parse(each.dateTime), now(), each.dataset.relative);
    if (each.textContent !== text) each.textContent = text;
  }
}

function filter(input) {
  const wanted = input.value.trim().toLowerCase();
  for (const row of document.querySelectorAll(`#${input.dataset.filters} tbody tr`)) {
    row.hidden = !row.textContent.toLowerCase().includes(wanted);
  }
}

function listen(url) {
  const news = document.querySelector("[data-news]");
  const events = new EventSource(url);
  events.addEventListener("message", () => { news.hidden = false; });
  addEventListener("pagehide", () => events.close());
}

const typing = (element) => element.matches("input, select, textarea, [contenteditable]");
let going = false;  // "g" was pressed, a digit of the menu follows

function key(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target;
  if (event.key === "Escape" && target.matches?.("input[type=search]")) {
    target.value = "";
    if (target.dataset.filters) filter(target);
    target.blur();
  }
  if (typing(target)) return;
  if (event.key === "/") {
    const search = document.querySelector("[data-filters]") ?? document.querySelector("[data-search]");
    if (search) { event.preventDefault(); search.focus(); }
  }
  if (event.key === "?") document.querySelector("#keys").showModal();
  if (going && /[1-9]/.test(event.key)) document.querySelectorAll(".top nav a")[event.key - 1]?.click();
  going = event.key === "g";
}

tick();
setInterval(tick, 15_000);
document.addEventListener("keydown", key);
for (const input of document.querySelectorAll("[data-filters]")) {
  input.addEventListener("input", () => filter(input));
}
document.querySelector("[data-keys]").hidden = false;
document.querySelector("[data-focus]")?.focus();
if (document.body.dataset.events) listen(document.body.dataset.events);
