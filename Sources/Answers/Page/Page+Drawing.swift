extension Page {
  /// The first part of the script: how groups, partitions and decisions are drawn.
  static let drawing: StaticString = """
    "use strict";
    const service = "/vole.v1.ConsumerGroupService/";
    const shownAtMost = 200, historyLength = 60, silence = 15000;
    const $ = (id) => document.getElementById(id);
    const groups = new Map();
    let token = "", lastHeard = 0, attempt = 0, watching = null, retryAt = 0;

    function element(name, attributes, ...children) {
      const made = document.createElement(name);
      for (const [key, value] of Object.entries(attributes || {})) {
        if (key === "text") made.textContent = value;
        else if (value !== undefined && value !== false) made.setAttribute(key, value);
      }
      made.append(...children.filter((child) => child !== null && child !== undefined));
      return made;
    }

    const drawing = "http://www.w3.org/2000/svg";
    function shape(name, attributes, ...children) {
      const made = document.createElementNS(drawing, name);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      made.append(...children);
      return made;
    }

    const number = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
    const count = (value) => value === undefined ? "–" : number.format(Number(value));
    function duration(seconds) {
      if (seconds === undefined) return "–";
      let rest = Math.round(Number(seconds));
      const sign = rest < 0 ? "-" : "";
      rest = Math.abs(rest);
      if (rest < 120) return sign + rest + " s";
      if (rest < 7200) return sign + Math.round(rest / 60) + " min";
      if (rest < 172800) return sign + Math.round(rest / 3600) + " h";
      return sign + Math.round(rest / 86400) + " days";
    }
    const keyOf = (status) => JSON.stringify([status.cluster, status.group]);
    const clock = (time) => new Date(time).toLocaleTimeString();
    const marks = { OK: "●", WARN: "▲", ERR: "✖", STOP: "✖", STALL: "✖", REWIND: "✖" };
    const word = (status) => status || "UNKNOWN";
    const mark = (status) => (marks[word(status)] || "○") + " " + word(status);

    function line(values, width, height) {
      const low = Math.min(...values), high = Math.max(...values), span = high - low || 1;
      const step = width / Math.max(1, values.length - 1);
      return values.map((value, index) => (index * step).toFixed(1) + "," +
        (height - 2 - (value - low) / span * (height - 4)).toFixed(1));
    }

    function chart(lags, offsets, width, label) {
      const height = 26;
      const picture = shape("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img",
        "aria-label": label });
      if (offsets.length > 1) {
        picture.append(shape("polyline", { class: "offset", points: line(offsets, width, height)
          .join(" ") }));
      }
      if (lags.length > 1) {
        const high = Math.max(...lags, 1), step = width / (lags.length - 1);
        const points = lags.map((lag, index) => (index * step).toFixed(1) + "," +
          (height - 2 - lag / high * (height - 4)).toFixed(1));
        picture.append(shape("polygon", { class: "area",
          points: `0,${height} ${points.join(" ")} ${width},${height}` }));
        picture.append(shape("polyline", { class: "lag", points: points.join(" ") }));
      }
      return picture;
    }

    function windowChart(entries) {
      const known = entries.filter((entry) => entry.lag !== undefined);
      const lags = known.map((entry) => Number(entry.lag));
      const offsets = entries.map((entry) => Number(entry.offset));
      const first = offsets[0], last = offsets[offsets.length - 1];
      return chart(lags, offsets, 110, entries.length < 2 ? "fewer than two commits" :
        `${entries.length} commits, offset ${first} to ${last}, lag ` +
        (lags.length ? `${lags[0]} to ${lags[lags.length - 1]}` : "not known"));
    }

    function fact(name, value) {
      if (value === undefined || value === "" || value === null) return null;
      return element("div", {}, element("dt", { text: name }), element("dd", { text: value }));
    }

    function partitionRow(partition) {
      const owner = partition.owner;
      const who = owner ? [owner.clientId, owner.host].filter(Boolean).join(" · ") :
        "nobody known";
      const cell = (title, text, kind) =>
        element("td", { "data-t": title, class: kind, text });
      const picture = element("td", { class: "bare chart" });
      picture.append(windowChart(partition.window || []));
      return element("tr", {},
        cell("", `${partition.topic}-${partition.partition || 0}`, "bare"),
        element("td", { class: "bare " + word(partition.status), text: mark(partition.status) }),
        cell("lag", count(partition.lag), "n"),
        cell("committed", count(partition.committedOffset), "n"),
        cell("log end", count(partition.logEndOffset), "n"),
        cell("last commit", partition.commitAgeSeconds === undefined ? "–" :
          duration(partition.commitAgeSeconds) + " ago", "n"),
        picture, cell("owner", who, "owner"));
    }

    function partitionTable(status) {
      const order = { STALL: 0, STOP: 0, REWIND: 0, WARN: 1, UNKNOWN: 2, OK: 3 };
      const all = (status.partitions || []).slice().sort((a, b) =>
        (order[word(a.status)] ?? 2) - (order[word(b.status)] ?? 2));
      const head = element("tr", {}, ...["Partition", "Status", "Lag", "Committed", "Log end",
        "Last commit", "Window", "Owner"].map((title, index) => element("th",
        { scope: "col", text: title, class: index > 1 && index < 6 ? "n" : undefined })));
      const table = element("table", { class: "p" }, element("thead", {}, head),
        element("tbody", {}, ...all.slice(0, shownAtMost).map(partitionRow)));
      const box = element("div", { class: "wide", tabindex: "0", role: "region",
        "aria-label": "Partitions of " + status.group }, table);
      if (all.length > shownAtMost) {
        box.append(element("p", { class: "key", text:
          `the ${shownAtMost} worst of ${all.length} partitions are shown` }));
      }
      return box;
    }

    function facts(status) {
      const rates = status.rates || {}, members = status.membership || {};
      const rate = (value) => value === undefined ? undefined : count(value) + " /s";
      const least = rates.timeLagAccuracy === "AT_LEAST" ? "at least " :
        rates.timeLagAccuracy === "ESTIMATED" ? "about " : "";
      return element("dl", { class: "facts" },
        fact("produced", rate(rates.produced)), fact("consumed", rate(rates.consumed)),
        fact("time lag", rates.timeLagSeconds === undefined ? undefined :
          least + duration(rates.timeLagSeconds)),
        fact("drained in", rates.timeToDrainSeconds === undefined ? undefined :
          duration(rates.timeToDrainSeconds)),
        fact("members", members.members === undefined ? undefined :
          `${members.members}, ${(members.state || "state not known").toLowerCase()}`),
        fact("rebalances seen", status.rebalances),
        fact("commits read", status.commitsAgeSeconds === undefined ? "never" :
          duration(status.commitsAgeSeconds) + " ago"),
        fact("log ends read", status.headsAgeSeconds === undefined ? "never" :
          duration(status.headsAgeSeconds) + " ago"),
        fact("source", status.source));
    }

    function decisionBlock(decision) {
      const clauses = decision.clauses || [];
      const name = (decision.probe || "probe").toLowerCase();
      const block = element("div", { class: "decision" },
        element("b", { class: decision.passes ? "OK" : "ERR",
          text: (decision.passes ? "● passes: " : "✖ fails: ") + name }),
        " " + (decision.reason || ""));
      if (clauses.length) {
        // One that was not asked neither holds nor does not.
        const word = { true: "holds, ", false: "does not hold, " };
        block.append(element("ul", {}, ...clauses.map((clause) => element("li", { text:
          `${clause.name}: ${word[clause.holds] || ""}${clause.evidence || ""}` }))));
      }
      return block;
    }

    function explanation(answer) {
      const decisions = answer.decisions || [], past = answer.history || [];
      const parts = [element("h2", { text: "What the probes answer" })];
      if (answer.pause) {
        parts.push(element("p", { class: "decision WARN", text: "Paused until " +
          new Date(answer.pause.until).toLocaleString() + ": " + (answer.pause.reason || "") }));
      }
      parts.push(...decisions.map(decisionBlock));
      if (past.length) {
        const recent = past.slice(0, 40).reverse();
        parts.push(element("h2", { text: "Decisions over time" }),
          element("div", { class: "strip", role: "img", "aria-label":
            `${recent.filter((one) => !one.passes).length} of ${recent.length} decisions failed` },
            ...recent.map((one) => element("i", { class: one.passes ? "" : "no",
              title: `${clock(one.time)} ${one.probe} ${one.reason}` }))),
          element("ol", { class: "history" }, ...past.slice(0, 8).map((one) => element("li", { text:
            `${clock(one.time)} ${(one.probe || "").toLowerCase()} ` +
            `${one.passes ? "passes" : "fails"}: ${one.reason || ""}` }))));
      }
      return parts;
    }

    function scaleText(hint) {
      if (hint.desiredReplicas === undefined) return hint.reason;
      return `${hint.desiredReplicas} wanted, ${hint.replicas ?? "?"} there, at most ` +
        `${hint.maxUsefulReplicas ?? "?"} useful (${hint.reason || ""})`;
    }

    async function call(method, message) {
      const answer = await fetch(service + method, { method: "POST", body: JSON.stringify(message),
        headers: headers("application/json"), cache: "no-store" });
      if (!answer.ok) {
        const error = await answer.json().catch(() => ({}));
        throw new Error(error.message || `HTTP ${answer.status}`);
      }
      return answer.json();
    }

    function headers(type) {
      const made = { "Content-Type": type, "Connect-Protocol-Version": "1" };
      if (token) made.Authorization = "Bearer " + token;
      return made;
    }

    """
}
