"""The style sheet of the report: light and dark, on paper, and on a narrow window."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--bg:#fff;--panel:#f6f7f9;--line:#dfe3e8;--ink:#15181d;--soft:#566069;--accent:#1f5fbf;
--s0:#1f5fbf;--s1:#8a5a00;--s2:#7a3fa0;--s3:#0d7377;--s4:#b3261e}
@media screen and (prefers-color-scheme:dark){:root{--bg:#12151a;--panel:#1a1f26;--line:#2c343e;--ink:#e7eaee;
--soft:#a3adb8;--accent:#7fb0ff;--s0:#7fb0ff;--s1:#f0bf5c;--s2:#cf9bf0;--s3:#5fd0d4;--s4:#ff8f85}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1120px;margin:0 auto;padding:1.4rem 1.25rem 3rem}
h1{font-size:1.5rem;line-height:1.25;margin:0;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:2.2rem 0 .5rem;overflow-wrap:anywhere}
h3{font-size:.95rem;margin:1.3rem 0 .3rem;overflow-wrap:anywhere}
p{margin:.2rem 0}
.sub,.soft{color:var(--soft)}
.sub{font-size:14px}
dl.say{display:grid;grid-template-columns:10.5rem 1fr;margin:1rem 0 0;border-top:1px solid var(--line)}
dl.say>*{padding:.5rem 0;border-bottom:1px solid var(--line);margin:0;overflow-wrap:anywhere}
dl.say dt{color:var(--soft);font-size:14px;padding-top:.6rem}
dl.say p{margin:0 0 .25rem;max-width:92ch}
dl.say p:last-child{margin-bottom:0}
dd.better b,dd.score b{color:var(--accent)}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;width:100%}
th{font-weight:600;text-align:left;color:var(--soft);font-size:13px;vertical-align:bottom}
th,td{padding:.3rem .6rem;border-bottom:1px solid var(--line)}
td{vertical-align:top;white-space:nowrap}
td.long{white-space:normal;overflow-wrap:anywhere;min-width:9rem}
td.n,th.n{text-align:right}
tr.part th{color:var(--ink);font-size:15px;padding-top:.9rem;overflow-wrap:anywhere}
table.scores td.plot,table.scores th.plot{width:320px}
th.plot span{display:inline-block}th.plot span+span{float:right}
sup{color:var(--soft);font-size:11px;margin-left:.2em}
.wide{overflow-x:auto}
.wide th{white-space:normal}
table.judge th:first-child{color:var(--ink);font-size:15px;width:20rem}
table.judge{margin-bottom:.8rem}
.ci{color:var(--soft);font-size:13px;display:block}
svg.bar{display:block;width:300px;height:18px;margin:.15rem 0}
.track{stroke:var(--line);stroke-width:1}
.tick{stroke:var(--line);stroke-width:1}
.iv{stroke:currentColor;stroke-width:5;stroke-linecap:round;opacity:.4}
.dot{fill:currentColor}
.s0{color:var(--s0)}.s1{color:var(--s1)}.s2{color:var(--s2)}.s3{color:var(--s3)}.s4{color:var(--s4)}
article{border:1px solid var(--line);border-radius:10px;padding:.7rem 1rem;margin:.7rem 0;break-inside:avoid}
article h3{margin:0}
article dl,.words dl{display:grid;grid-template-columns:8.5rem 1fr;gap:.15rem .8rem;margin:.5rem 0 0}
article dt,.words dt{color:var(--soft);font-size:14px}
article dd,.words dd{margin:0;overflow-wrap:anywhere}
.notes{font-size:14px}
.notes ol{padding-left:1.5rem}
@media screen and (max-width:760px){dl.say,article dl,.words dl{grid-template-columns:1fr}
dl.say dt{border-bottom:0;padding-bottom:0}dl.say dd{padding-top:.1rem}
table.scores td.plot,table.scores th.plot{display:none}}
@media print{:root{color-scheme:light}body{font-size:12px}main{max-width:none;padding:0}h2,h3{break-after:avoid}
tr,article{break-inside:avoid}.track,.tick,.iv,.dot{print-color-adjust:exact}th,td{padding:.2rem .4rem}
table.scores td.plot,table.scores th.plot{width:250px}svg.bar{width:235px}}
"""
