// Lines and bars. The data's form is in docs/design-system.md.
const { faded, hidden, kinds, short } = globalThis.fcdash;

function scales(data, colour) {
  const ticks = { color: colour["ink-2"], maxRotation: 0, autoSkipPadding: 28 };
  return {
    x: { grid: { display: false }, border: { color: colour.edge }, ticks },
    y: {
      beginAtZero: !data.free, border: { display: false },
      grid: { color: (tick) => (tick.tick?.value === 0 ? colour.edge : colour["c-grid"]) },
      ticks: { ...ticks, display: !hidden(), maxTicksLimit: 5, callback: (value) => short(value, data.symbol) },
    },
  };
}

const tooltip = (data) => ({
  filter: (item) => !item.dataset.quiet,
  callbacks: {
    label: (item) => {
      const words = item.dataset.words?.[item.dataIndex] ?? short(item.parsed.y, data.symbol);
      return data.series.length > 1 ? `${item.dataset.label}: ${words}` : words;
    },
    footer: (items) => items[0] && data.notes?.[items[0].dataIndex],
  },
});

const values = (data, series) => series.values.map((cents) => (cents === null ? null : cents / data.unit));
const config = (type, data, colour, datasets) => ({
  type,
  data: { labels: data.labels, datasets },
  options: { interaction: { mode: "index", intersect: false }, scales: scales(data, colour), plugins: { tooltip: tooltip(data) } },
});

kinds.bar = (data, colour) => config("bar", data, colour, data.series.map((series, at) => {
  const base = colour[series.color] ?? (at ? colour["ink-2"] : colour.accent);
  const now = data.now ?? data.labels.length - 1;
  return {
    label: series.label, data: values(data, series), words: series.words, hoverBackgroundColor: base, maxBarThickness: 34,
    backgroundColor: data.labels.map((_, index) => (index === now ? base : faded(base, 0.38))), categoryPercentage: 0.8, barPercentage: 0.85,
  };
}));

kinds.line = (data, colour) => config("line", data, colour, data.series.map((series) => {
  const floor = series.role === "floor";
  const band = series.role === "low" || series.role === "high";
  const base = floor ? colour.danger : (colour[series.color] ?? colour["c-line"]);
  return {
    label: series.label, data: values(data, series), words: series.words, quiet: band || floor, order: band ? 2 : floor ? 1 : 0, tension: 0, spanGaps: false,
    borderColor: base, borderWidth: band ? 0 : floor ? 1.5 : 2, borderDash: floor ? [2, 3] : [], borderJoinStyle: "round",
    backgroundColor: colour["c-area"], fill: series.role === "high" ? "-1" : series.role === "area" ? "origin" : false,
    pointRadius: data.labels.map((_, index) => (!band && !floor && index === data.mark ? 4.5 : 0)), pointHitRadius: 14, pointHoverRadius: band || floor ? 0 : 4.5,
    pointBackgroundColor: colour.surface, pointBorderColor: base, pointBorderWidth: 2, pointHoverBackgroundColor: colour.surface,
    pointHoverBorderColor: base, pointHoverBorderWidth: 2,
  };
}));
