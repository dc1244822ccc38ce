// Cash flow as a sankey, where there is room (720 px and more). Nodes are named with their amounts; flows stand at 34 %.
const { hidden, kinds } = globalThis.fcdash;

kinds.sankey = (data, colour) => {
  const paint = (id) => colour[`c-${data.nodes[id]?.key}`] ?? colour.accent;
  const name = (id) => (hidden() || !data.nodes[id]?.words ? data.nodes[id]?.name : `${data.nodes[id].name}  ${data.nodes[id].words}`);
  const ids = Object.keys(data.nodes);
  return {
    type: "sankey",
    data: {
      datasets: [{
        data: data.flows.map((flow) => ({ from: flow.from, to: flow.to, flow: flow.cents / data.unit })),
        labels: Object.fromEntries(ids.map((id) => [id, name(id)])),
        // The order is the server's: by size, with savings and what is left at the end.
        priority: Object.fromEntries(ids.map((id, at) => [id, at])),
        column: Object.fromEntries(ids.filter((id) => data.nodes[id].column !== undefined).map((id) => [id, data.nodes[id].column])),
        colorFrom: (item) => (data.nodes[item.dataset.data[item.dataIndex]?.to]?.column === 2 ? paint(item.dataset.data[item.dataIndex].to) : paint(item.dataset.data[item.dataIndex]?.from)),
        colorTo: (item) => paint(item.dataset.data[item.dataIndex]?.to),
        colorMode: "to", alpha: 0.34, borderWidth: 0, nodeWidth: 10, nodePadding: 21, size: "max", color: colour.ink,
      }],
    },
    options: {
      layout: { padding: { top: 16, bottom: 8 } },
      plugins: {
        tooltip: {
          callbacks: {
            title: () => "",
            label: (item) => {
              const flow = data.flows[item.dataIndex];
              return `${data.nodes[flow.from].name} to ${data.nodes[flow.to].name}: ${flow.words}`;
            },
          },
        },
      },
    },
  };
};
