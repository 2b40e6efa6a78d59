// While a form is open, tell the portal that somebody is at it, and say so when it stops listening.
const url = document.currentScript.dataset.url;
const lost = document.getElementById("keepalive-lost");

async function keepAlive() {
  try {
    const response = await fetch(url, { method: "POST" });
    lost.hidden = response.ok;
  } catch {
    // The network is away for a moment: the next beat tells.
  }
}

keepAlive();
setInterval(keepAlive, 60_000);
