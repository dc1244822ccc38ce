// Cash flow as a sankey, where there is room (720 px and more). Names and amounts stand beside the nodes; flows at 34 %.
const { hidden, kinds } = globalThis.fcdash;
const SIDES = ["left", "top", "right"];

// The chart's scales would pad by their ticks; only the labels need room.
const room = (nodes, column) => 24 + 7.2 * Math.max(0, ...nodes.filter((node) => node.column === column).map((node) => label(node).length));

function label(node) {
  return hidden() ? node.name : `${node.name}  ${node.words}`;
}

function flows(data) {
  return data.flows.map((flow) => ({ from: flow.from, to: flow.to, flow: flow.cents / data.unit }));
}

kinds.sankey = (data, colour) => {
  const entries = Object.entries(data.nodes);
  const nodes = Object.values(data.nodes);
  const each = (write) => Object.fromEntries(entries.map(([id, node], at) => [id, write(node, at)]));
  const paint = (id) => colour[`c-${data.nodes[id]?.key}`] ?? colour.accent;
  const end = (which) => (item) => paint(data.flows[item.dataIndex]?.[which]);
  return {
    type: "sankey",
    data: {
      datasets: [{
        data: flows(data), labels: each(label), column: each((node) => node.column),
        // The order is the server's: by size, with savings and what is left at the end.
        priority: each((_, at) => at),
        colorFrom: end("from"), colorTo: end("to"), colorMode: "to", alpha: 0.34,
        borderWidth: 0, nodeWidth: 10, nodePadding: 34, size: "max", color: colour.ink, clip: false,
        nodeLabels: { position: each((node) => SIDES[node.column]), color: colour.ink, padding: 8 },
      }],
    },
    options: {
      layout: { padding: { left: room(nodes, 0), right: room(nodes, 2), top: 28, bottom: 12 } },
      plugins: {
        tooltip: {
          callbacks: {
            title: () => "",
            label: ({ dataIndex }) => {
              const flow = data.flows[dataIndex];
              return `${data.nodes[flow.from].name} to ${data.nodes[flow.to].name}: ${flow.words}`;
            },
          },
        },
      },
    },
  };
};
