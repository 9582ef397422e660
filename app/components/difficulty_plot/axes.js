// What lies under the canvas and never moves in a drag: the strips' ground, grid lines, and the labels around them.

function drawAxes(svg, points, layout, view, score) {
  const { values, digits } = score ? axisTicks(view) : { values: [], digits: 0 };
  const nodes = values.map(value =>
    svgText(layout.stripX(0) - 12, layout.yOf(value * TOP_CODE) + 4, value.toFixed(digits), "tick muted"));
  for (let strip = 0; strip < layout.nStrips; strip++) {
    const place = { x: layout.stripX(strip), width: layout.stripWidth };
    nodes.push(svgNode("rect", "", { class: "ground", ...place, y: layout.top, height: layout.plotHeight, rx: 6 }));
    for (const value of values) {
      nodes.push(svgNode("rect", "", { class: "grid", ...place, y: Math.round(layout.yOf(value * TOP_CODE)), height: 1 }));
    }
  }
  const roomy = layout.stripWidth >= 96, last = points.labels.length - 1;
  points.labels.forEach((label, strip) => {
    const x = layout.stripX(strip) + layout.stripWidth / 2, count = points.counts[strip];
    const words = !roomy ? "" : strip === 0 ? " (all wrong)" : strip === last ? " (all right)" : "";
    const unit = !roomy ? "" : count === 1 ? " problem" : " problems";
    nodes.push(svgText(x, layout.bottom + 18, label + words, "strip-label"));
    nodes.push(svgText(x, layout.bottom + 35, number.format(count) + unit, "muted strip-count"));
  });
  const accuracy = svgText((layout.stripX(0) + layout.right) / 2, layout.height - 6, "accuracy φ", "muted");
  const reward = svgText(0, 0, score ? `${score} φ` : "not scored", "muted score-name");
  reward.setAttribute("transform", `translate(13 ${(layout.top + layout.bottom) / 2}) rotate(-90)`);
  accuracy.append(subscript("a"));
  if (score) reward.append(subscript("r"));
  svg.replaceChildren(...nodes, accuracy, reward);
}

function axisTicks(view) {
  const span = (view.high - view.low) / TOP_CODE;
  const [step, digits] = span > 0.5 ? [0.2, 1] : span > 0.2 ? [0.1, 1] : span > 0.08 ? [0.02, 2] : span > 0.03 ? [0.01, 2] : [0.002, 3];
  const first = Math.ceil(Math.max(0, view.low / TOP_CODE) / step - 1e-9);
  const last = Math.floor(Math.min(1, view.high / TOP_CODE) / step + 1e-9);
  return { values: Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step), digits };
}

function svgNode(name, content, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [attribute, value] of Object.entries(attributes)) node.setAttribute(attribute, value);
  node.textContent = content;
  return node;
}

const svgText = (x, y, content, className = "") => svgNode("text", content, { x, y, class: className });
const subscript = letter => svgNode("tspan", letter, { class: "sub", dy: 3 });
