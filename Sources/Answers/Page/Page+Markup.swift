extension Page {
  /// What stands on the page before anything is known.
  static let markup: StaticString = """
    <header><h1>Vole</h1><span id="agent"></span><span id="state" role="status">connecting</span>
    </header>
    <main>
    <section id="ask" hidden><form><label for="token">This agent wants a token. It is kept in this
    page's memory only.</label><input id="token" type="password" autocomplete="off" required>
    <button>Show</button></form><p id="refused" role="alert"></p></section>
    <div id="bar"><input id="filter" type="search" placeholder="Filter groups"
    aria-label="Filter groups by name"><div id="totals" aria-live="off"></div></div>
    <p id="empty" hidden>No watched group has committed anything yet.</p>
    <ul id="groups" aria-label="Consumer groups"></ul>
    <p id="more" hidden></p>
    <noscript>This page needs JavaScript. The same is told by /consumer/readyz?verbose and by the
    RPC interface.</noscript>
    </main>
    """
}
