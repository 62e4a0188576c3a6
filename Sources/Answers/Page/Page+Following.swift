extension Page {
  /// The second part: it follows the `WatchGroupStatus` stream and shows what comes.
  static let following: StaticString = """
    function makeRow(key) {
      const row = { key, status: null, lags: [], node: element("li"), open: false, busy: false };
      row.pill = element("span", { class: "pill" });
      row.name = element("span", { class: "name" });
      row.why = element("span", { class: "why" });
      row.figures = element("span", { class: "figures" });
      row.trend = element("span", { class: "trend" });
      row.details = element("details", {},
        element("summary", {}, row.pill, row.name, row.figures, row.trend, row.why));
      row.inside = element("div", { class: "inside" });
      row.live = element("div");
      row.explained = element("div");
      row.inside.append(row.live, row.explained);
      row.details.append(row.inside);
      row.details.addEventListener("toggle", () => {
        row.open = row.details.open;
        if (row.open) { renderInside(row); explain(row); }
      });
      row.node.append(row.details);
      return row;
    }

    function renderRow(row) {
      const status = row.status, verdict = word(status.verdict);
      row.pill.className = "pill " + verdict;
      row.pill.textContent = mark(status.verdict);
      row.name.textContent = clusters() > 1 ? `${status.cluster} / ${status.group}` : status.group;
      row.why.textContent = status.reason || "";
      const counts = status.partitionCounts || {};
      row.figures.replaceChildren(element("b", { text: count(status.totalLag) }),
        ` lag in ${counts.total ?? 0} partition${counts.total === 1 ? "" : "s"}`);
      row.trend.replaceChildren(chart(row.lags, [], 130,
        `lag of the last ${row.lags.length} reports, now ${status.totalLag ?? "not known"}`));
      if (row.open) renderInside(row);
    }

    function renderInside(row) {
      if (!row.status) return;
      const selected = document.activeElement && row.live.contains(document.activeElement);
      const old = row.live.querySelector(".wide");
      const left = old ? old.scrollLeft : 0;
      const key = element("p", { class: "key" });
      key.append("Window: ", element("i", { class: "l", text: "— lag" }), " ",
        element("i", { class: "o", text: "— committed offset" }), ", oldest commit first");
      row.live.replaceChildren(facts(row.status), element("h2", { text: "Partitions" }),
        partitionTable(row.status), key);
      const box = row.live.querySelector(".wide");
      box.scrollLeft = left;
      if (selected) box.focus();
    }

    async function explain(row) {
      if (!row.open || row.busy || !row.status) return;
      row.busy = true;
      const question = { group: row.status.group, cluster: row.status.cluster };
      const [answer, scale] = await Promise.allSettled(
        [call("ExplainGroup", question), call("GetScaleHint", question)]);
      row.busy = false;
      const parts = [];
      if (answer.status === "fulfilled") parts.push(...explanation(answer.value));
      else parts.push(element("p", { class: "key", text: "Decisions: " + answer.reason.message }));
      parts.push(element("h2", { text: "Replicas" }), element("p", { class: "decision", text:
        scale.status === "fulfilled" ? scaleText(scale.value.hint || {}) : scale.reason.message }));
      row.explained.replaceChildren(...parts);
    }

    const clusters = () => new Set([...groups.values()].map((row) => row.status.cluster)).size;

    function take(status) {
      const key = keyOf(status);
      if (status.verdict === "NOTFOUND") {
        const gone = groups.get(key);
        if (gone) gone.node.remove();
        groups.delete(key);
        return arrange();
      }
      let row = groups.get(key);
      const isNew = !row;
      const before = row && row.status && row.status.verdict;
      if (!row) groups.set(key, row = makeRow(key));
      row.status = status;
      row.lags.push(Number(status.totalLag || 0));
      if (row.lags.length > historyLength) row.lags.shift();
      renderRow(row);
      if (isNew || before !== status.verdict) arrange();
    }

    let arranging = false;
    function arrange() {
      if (arranging) return;
      arranging = true;
      requestAnimationFrame(() => { arranging = false; arrangeNow(); });
    }

    function arrangeNow() {
      const wanted = $("filter").value.trim().toLowerCase();
      const order = { ERR: 0, UNKNOWN: 1, WARN: 2, OK: 3 };
      const rows = [...groups.values()].filter((row) =>
        !wanted || row.status.group.toLowerCase().includes(wanted));
      rows.sort((a, b) => (order[a.status.verdict] ?? 1) - (order[b.status.verdict] ?? 1) ||
        (a.key < b.key ? -1 : 1));
      const shown = rows.slice(0, shownAtMost), list = $("groups");
      const kept = new Set(shown.map((row) => row.node));
      for (const node of [...list.children]) if (!kept.has(node)) node.remove();
      shown.forEach((row, index) => {
        const there = list.children[index];
        if (there !== row.node) list.insertBefore(row.node, there || null);
      });
      $("more").hidden = rows.length <= shownAtMost;
      $("more").textContent = `${rows.length - shownAtMost} more groups; filter to see them`;
      $("empty").hidden = groups.size > 0 || !lastHeard;
      const totals = {};
      for (const row of groups.values()) {
        const verdict = word(row.status.verdict);
        totals[verdict] = (totals[verdict] || 0) + 1;
      }
      $("totals").replaceChildren(...["ERR", "UNKNOWN", "WARN", "OK"].filter((one) => totals[one])
        .map((one) => element("span", { class: one, text: `${mark(one)} ${totals[one]}` })));
    }

    function say(text, kind) {
      if ($("state").textContent !== text) $("state").textContent = text;
      $("state").className = kind;
      document.body.classList.toggle("stale", kind === "lost");
    }

    function envelope(message) {
      const body = new TextEncoder().encode(JSON.stringify(message));
      const bytes = new Uint8Array(body.length + 5);
      new DataView(bytes.buffer).setUint32(1, body.length);
      bytes.set(body, 5);
      return bytes;
    }

    async function watch() {
      const abort = new AbortController();
      watching = abort;
      const answer = await fetch(service + "WatchGroupStatus", { method: "POST",
        headers: headers("application/connect+json"), signal: abort.signal, cache: "no-store",
        body: envelope({ windows: true, maxIntervalSeconds: 5 }) });
      if (answer.status === 401) return askForToken();
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      const known = new Set(groups.keys());
      heard();
      attempt = 0;
      info();
      const reader = answer.body.getReader();
      let rest = new Uint8Array(0);
      for (;;) {
        const { done, value } = await reader.read();
        if (done) throw new Error("the stream ended");
        heard();
        const bytes = new Uint8Array(rest.length + value.length);
        bytes.set(rest);
        bytes.set(value, rest.length);
        let start = 0;
        while (bytes.length - start >= 5) {
          const length = new DataView(bytes.buffer, start + 1).getUint32(0);
          if (bytes.length - start - 5 < length) break;
          const text = new TextDecoder().decode(bytes.subarray(start + 5, start + 5 + length));
          const message = JSON.parse(text);
          const error = message.error || {};
          if (bytes[start] & 2) {
            if (error.code === "unauthenticated") return askForToken();
            throw new Error(error.message || "the stream ended");
          }
          if (message.status) {
            known.delete(keyOf(message.status));
            take(message.status);
          }
          start += 5 + length;
        }
        rest = bytes.slice(start);
        if (known.size) forget(known);
      }
    }

    let forgetting = 0;
    function forget(known) {
      clearTimeout(forgetting);
      forgetting = setTimeout(() => {
        for (const key of known) {
          const row = groups.get(key);
          if (row) row.node.remove();
          groups.delete(key);
        }
        known.clear();
        arrange();
      }, 7000);
    }

    function heard() {
      lastHeard = Date.now();
      say("live", "live");
      $("ask").hidden = true;
    }

    function askForToken() {
      watching = null;
      $("refused").textContent = token ? "That token is not accepted." : "";
      token = "";
      $("ask").hidden = false;
      say("a token is wanted", "");
      $("token").focus();
      return "asked";
    }

    async function follow() {
      for (;;) {
        try {
          if (await watch() === "asked") return;
        } catch (error) {
          if (watching) watching.abort();
          watching = null;
          const wait = Math.min(8000, 500 * 2 ** attempt++);
          retryAt = Date.now() + wait;
          lost();
          await new Promise((resolve) => setTimeout(resolve, wait));
        }
      }
    }

    function lost() {
      const since = lastHeard ? `; this is from ${clock(lastHeard)}` : "";
      say(`connection lost${since}`, "lost");
    }

    async function info() {
      try {
        const agent = (await call("GetAgentInfo", {})).agent || {};
        const faults = (agent.clusters || []).filter((one) => one.fault)
          .map((one) => `${one.name}: ${one.fault}`);
        $("agent").textContent = [agent.host, agent.version,
          agent.ready ? "" : "not everything is read yet", ...faults].filter(Boolean).join(" · ");
      } catch { $("agent").textContent = ""; }
    }

    $("filter").addEventListener("input", arrange);
    $("ask").querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      token = $("token").value.trim();
      $("token").value = "";
      attempt = 0;
      follow();
    });
    setInterval(() => {
      if (watching && groups.size && Date.now() - lastHeard > silence) watching.abort();
      for (const row of groups.values()) if (row.open) explain(row);
    }, 3000);
    setInterval(info, 15000);
    follow();
    arrange();
    """
}
