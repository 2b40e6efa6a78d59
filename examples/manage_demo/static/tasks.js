// Keeps the task counts on the page up to date.
const address = new URL(document.currentScript.dataset.url, location.href);
address.protocol = address.protocol.replace("http", "ws");

function listen() {
  const socket = new WebSocket(address);
  socket.addEventListener("message", (event) => {
    const counts = JSON.parse(event.data);
    for (const place of document.querySelectorAll("[data-count]")) {
      place.textContent = counts[place.dataset.count];
    }
    document.getElementById("live-tasks").dataset.live = "yes";
  });
  socket.addEventListener("close", () => {
    delete document.getElementById("live-tasks").dataset.live;
    setTimeout(listen, 10_000);
  });
}

listen();
