// Comfort only: every page does its whole work without this file.
"use strict";

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// A double click would send one code twice, and the second answer, "used already", is what people
// would see. A span of time, not a lock: Stop, Back and a lost connection leave the form usable.
const PAUSE_MS = 2000;
for (const form of document.querySelectorAll("form[data-once]")) {
  let sent = -Infinity;
  form.addEventListener("submit", (event) => {
    if (event.timeStamp - sent < PAUSE_MS) event.preventDefault();
    else sent = event.timeStamp;
  });
}
