"use strict";
// Keeps the page up to date, follows a log, and sends what somebody with the token asks for.
(() => {
  const byId = (id) => document.getElementById(id);
  const refreshEvery = 5000;
  const mostLines = 500;

  // --- what is shown

  const refresh = async () => {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
      if (!answer.ok) throw new Error(`${answer.status}`);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const old of document.querySelectorAll("[data-live]")) {
        const now = fresh.getElementById(old.id);
        // Who is on a button in there keeps it, and what is open stays open.
        if (!now || old.contains(document.activeElement)) continue;
        for (const details of now.querySelectorAll("details")) details.open = byId(details.id)?.open ?? false;
        if (now.innerHTML !== old.innerHTML) old.replaceChildren(...now.childNodes);
      }
      byId("fresh").textContent = "";
    } catch {
      byId("fresh").textContent = "The node does not answer: what stands here is old.";
    }
  };
  setInterval(() => document.hidden || refresh(), refreshEvery);

  // --- a log

  const lines = byId("lines");
  let source;
  const follow = (service) => {
    if (source) source.close();
    lines.textContent = "";
    source = new EventSource(`/log?service=${encodeURIComponent(service)}`);
    source.onmessage = (event) => {
      const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 30;
      lines.append(`${event.data}\n`);
      while (lines.childNodes.length > mostLines) lines.firstChild.remove();
      if (atEnd) lines.scrollTop = lines.scrollHeight;
    };
    const ours = source;
    source.onerror = () => ours.readyState === EventSource.CLOSED && setTimeout(() => source === ours && follow(service), refreshEvery);
  };
  const logOf = byId("log-of");
  logOf.addEventListener("change", () => follow(logOf.value));
  follow(logOf.value);

  // --- changes

  const token = byId("token");
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-verb]");
    if (!button) return;
    const answer = byId("answer");
    const { verb, name } = button.dataset;
    answer.textContent = `${verb} ${name} …`;
    try {
      const told = await fetch("/change", {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${token.value}` },
        body: JSON.stringify({ verb, name }),
      });
      const said = await told.json();
      answer.textContent = said.ok ? `${name}: ${said.state}` : said.error;
      button.blur();
      refresh();
    } catch {
      answer.textContent = "The node does not answer.";
    }
  });
})();
