extension Page {
  /// How the page looks: light and dark, wide and narrow.
  static let style: StaticString = """
    :root{color-scheme:light dark;--bg:#fff;--raised:#f6f7f9;--line:#d9dde3;--text:#1b1f24;
    --soft:#57606a;--ok:#1a7f37;--warn:#8a5a00;--err:#b42318;--unknown:#57606a;--lag:#b4530a;
    --offset:#0b62c4;--focus:#0b62c4}
    @media(prefers-color-scheme:dark){:root{--bg:#101418;--raised:#181d23;--line:#2e363f;
    --text:#e4e8ec;--soft:#9aa5b1;--ok:#4cc06a;--warn:#e3b04b;--err:#ff7b70;--unknown:#9aa5b1;
    --lag:#f0a35e;--offset:#6cb2ff;--focus:#6cb2ff}}
    *{box-sizing:border-box}
    body{margin:0;background:var(--bg);color:var(--text);
    font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
    header,main{max-width:1120px;margin:0 auto;padding:0 16px}
    header{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:baseline;padding-top:14px;
    padding-bottom:10px}
    h1{font-size:20px;margin:0}
    #agent{color:var(--soft);font-size:13px;overflow-wrap:anywhere}
    #state{margin-left:auto;font-size:13px;padding:2px 10px;border:1px solid var(--line);
    border-radius:12px}
    #state.lost{color:var(--err);border-color:currentColor}
    #state.live{color:var(--ok);border-color:currentColor}
    #bar{display:flex;flex-wrap:wrap;gap:8px 14px;align-items:center;padding-bottom:10px}
    #bar input{flex:1 1 200px;max-width:340px}
    input,button{font:inherit;color:inherit;background:var(--bg);border:1px solid var(--line);
    border-radius:6px;padding:5px 10px;min-height:34px}
    button{background:var(--raised);cursor:pointer}
    :focus-visible{outline:2px solid var(--focus);outline-offset:2px}
    #totals{display:flex;flex-wrap:wrap;gap:4px 14px;font-size:13px;color:var(--soft)}
    #groups{list-style:none;margin:0;padding:0}
    #groups>li{border:1px solid var(--line);border-radius:8px;margin-bottom:10px;
    background:var(--raised)}
    .stale #groups{opacity:.55}
    summary{display:grid;grid-template-columns:112px minmax(0,1fr) 150px 130px;gap:4px 14px;
    align-items:center;padding:10px 14px;cursor:pointer;list-style:none}
    summary::-webkit-details-marker{display:none}
    .name{font-weight:600;overflow-wrap:anywhere}
    .why{grid-column:2;color:var(--soft);font-size:13px;overflow-wrap:anywhere}
    .pill{grid-row:span 2;justify-self:start;font-weight:700;font-size:13px;letter-spacing:.02em;
    white-space:nowrap}
    .figures{grid-row:span 2;font-size:13px;color:var(--soft);text-align:right;
    font-variant-numeric:tabular-nums}
    .figures b{display:block;color:var(--text);font-size:16px}
    .trend{grid-row:span 2;grid-column:4;grid-row-start:1}
    .OK{color:var(--ok)}.WARN{color:var(--warn)}.ERR,.STOP,.STALL,.REWIND{color:var(--err)}
    .UNKNOWN,.NOTFOUND{color:var(--unknown)}
    .inside{border-top:1px solid var(--line);padding:10px 14px 14px}
    h2{font-size:14px;margin:14px 0 6px}
    h2:first-child{margin-top:0}
    .facts{display:flex;flex-wrap:wrap;gap:2px 18px;margin:0;font-size:13px}
    .facts div{display:flex;gap:6px}
    .facts dt{color:var(--soft)}
    .facts dd{margin:0;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
    .wide{overflow-x:auto}
    table{border-collapse:collapse;width:100%;font-size:13px}
    th,td{text-align:left;padding:4px 10px 4px 0;border-bottom:1px solid var(--line);
    vertical-align:middle;white-space:nowrap}
    td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
    th{color:var(--soft);font-weight:500}
    td.owner{max-width:240px;white-space:normal;overflow-wrap:anywhere}
    svg{display:block}
    svg .lag{fill:none;stroke:var(--lag);stroke-width:1.5}
    svg .area{fill:var(--lag);opacity:.16;stroke:none}
    svg .offset{fill:none;stroke:var(--offset);stroke-width:1.5}
    .key{font-size:12px;color:var(--soft)}
    .key i{font-style:normal}
    .key .l{color:var(--lag)}.key .o{color:var(--offset)}
    .decision{margin:0 0 8px;padding:0;font-size:13px}
    .decision ul{margin:4px 0 0;padding-left:20px}
    .decision li{overflow-wrap:anywhere}
    .history{margin:0;padding-left:20px;font-size:13px}
    .strip{display:flex;gap:2px;margin:2px 0 6px;height:14px}
    .strip i{flex:1 1 0;max-width:14px;background:var(--ok)}
    .strip i.no{background:var(--err)}
    #empty,#more{color:var(--soft)}
    #ask{max-width:460px;padding-bottom:12px}
    #ask form{display:flex;flex-wrap:wrap;gap:8px}
    #ask label{flex:1 0 100%}
    #ask input{flex:1}
    [hidden]{display:none!important}
    @media(max-width:720px){
    summary{grid-template-columns:minmax(0,1fr) auto;gap:2px 10px;padding:10px 12px}
    .pill{grid-row:auto}.name{grid-column:1/-1;grid-row:2}.why{grid-column:1/-1}
    .figures{grid-row:1;grid-column:2}.figures b{display:inline;font-size:14px}
    .trend{display:none}
    header,main{padding-left:10px;padding-right:10px}
    .inside{padding:10px 12px}
    #state{margin-left:0}
    table.p thead{display:none}
    table.p tr{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);padding:6px 0;
    gap:1px 10px;border-bottom:1px solid var(--line)}
    table.p td{border:0;padding:0;white-space:normal;overflow-wrap:anywhere;text-align:left}
    table.p td::before{content:attr(data-t) " ";color:var(--soft)}
    table.p td.bare::before{content:none}
    table.p td.owner,table.p td.chart{grid-column:1/-1;max-width:none}
    }
    @media(prefers-reduced-motion:no-preference){#groups{transition:opacity .2s}}
    """
}
