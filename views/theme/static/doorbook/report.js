// The chart above a report's table, and those of a board. All they draw is text and numbers out of one attribute; a table says the same.
import { all, one } from "doorbook/dom";

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const TONES = ["--tone-teal", "--tone-blue", "--tone-orange", "--tone-purple", "--tone-lime", "--tone-grey"];

function options({ kind, labels, series, total, share_name: shareName }) {
  const ink = colour("--text-2");
  const line = colour("--line");
  const many = labels.length > 8;
  const sorted = kind === "pareto" ? [...labels.keys()].sort((a, b) => series[0].values[b] - series[0].values[a]) : [...labels.keys()];
  const drawn = series.map(({ name, values }) => ({
    name,
    type: kind === "line" ? "line" : "bar",
    stack: kind === "stack" ? "all" : undefined,
    barMaxWidth: 36,
    symbolSize: 6,
    data: sorted.map((place) => values[place]),
  }));
  const axes = [{ type: "value", axisLabel: { color: ink }, splitLine: { lineStyle: { color: line } } }];
  if (kind === "pareto") {
    let sum = 0;
    const share = drawn[0].data.map((value) => Math.round(((sum += value) / (total || 1)) * 1000) / 10);
    drawn.push({ name: shareName, type: "line", yAxisIndex: 1, data: share, symbolSize: 5, tooltip: { valueFormatter: (value) => `${value}%` } });
    axes.push({ type: "value", max: 100, axisLabel: { color: ink, formatter: "{value}%" }, splitLine: { show: false } });
  }
  return {
    color: TONES.map(colour),
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 8, right: 16, top: 40, bottom: 8, containLabel: true },
    legend: { top: 4, left: 4, icon: "roundRect", itemWidth: 10, itemHeight: 10, textStyle: { color: ink } },
    tooltip: { trigger: "axis", renderMode: "richText", confine: true },
    xAxis: {
      type: "category",
      data: sorted.map((place) => labels[place]),
      axisLabel: { color: ink, rotate: many ? 35 : 0, width: 96, overflow: "truncate", interval: many ? "auto" : 0 },
      axisLine: { lineStyle: { color: line } },
      axisTick: { show: false },
    },
    yAxis: axes,
    series: drawn,
  };
}

const asked = one(".report-asked");
for (const field of asked ? ["from", "to"] : [])
  one(`[name=${field}]`, asked)?.addEventListener("input", () => (one("[name=period]", asked).value = ""));

for (const place of window.echarts ? all("[data-chart]") : []) {
  const chart = window.echarts.init(place);
  const draw = () => chart.setOption(options(JSON.parse(place.dataset.chart)), true);
  draw();
  new ResizeObserver(() => chart.resize()).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
}
