// What lies under the canvas and never moves in a drag: the strips' ground, grid lines, and the labels around them.

function drawAxes(svg, points, layout, view, score) {
  const { values, digits } = score ? axisTicks(view, points.span) : { values: [], digits: 0 };
  const yOf = value => layout.yOf(((value - points.span[0]) / (points.span[1] - points.span[0])) * TOP_CODE);
  const nodes = values.map(value =>
    svgText(layout.stripX(0) - 12, yOf(value) + 4, value.toFixed(digits), "tick muted"));
  for (let strip = 0; strip < layout.nStrips; strip++) {
    const place = { x: layout.stripX(strip), width: layout.stripWidth };
    nodes.push(svgNode("rect", "", { class: "ground", ...place, y: layout.top, height: layout.plotHeight, rx: 6 }));
    for (const value of values) {
      nodes.push(svgNode("rect", "", { class: "grid", ...place, y: Math.round(yOf(value)), height: 1 }));
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

// Round numbers, about six of them in what is shown.
function axisTicks(view, [low, high]) {
  const at = code => low + (high - low) * clamp(code / TOP_CODE, 0, 1);
  const rough = ((view.high - view.low) / TOP_CODE) * (high - low) / 8, size = 10 ** Math.floor(Math.log10(rough));
  const step = size * [1, 2, 5, 10].find(times => size * times >= rough), digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  const first = Math.ceil(at(view.low) / step - 1e-9), last = Math.floor(at(view.high) / step + 1e-9);
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
