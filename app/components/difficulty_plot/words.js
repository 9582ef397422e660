// What the plot says: numbers and sentences, no elements.

const HINT = "Drag a line to move its threshold. Drag over the points to select them. Ctrl + wheel zooms.";
const PICKED_BY = { nearest: "nearest the thresholds", spread: "spread evenly" };

const number = new Intl.NumberFormat("en");
const percent = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const inDecimals = thousandths => (thousandths / STEPS).toFixed(3);

function changeInWords(before, after) {
  const changes = CLASS_NAMES.flatMap((name, cls) =>
    before[cls] === after[cls] ? [] : [`${name} ${number.format(before[cls])} → ${number.format(after[cls])}`]);
  return changes.join(", ") || "No problem changes its class.";
}

function selectionInWords(total, shown, rule) {
  const selected = `${number.format(total)} selected`;
  return rule === "all" ? selected : `${selected}, showing ${number.format(shown)} ${PICKED_BY[rule]}`;
}

function factsInWords(points, row) {
  const [correct, total] = points.pairs[points.pair[row]];
  return `${correct} of ${total} correct, process reward ${(points.y[row] / TOP_CODE).toFixed(3)}`;
}

function verdictInWords(points, row, mode, tau) {
  const name = CLASS_NAMES[classOf(points, row, mode, tau)], which = decidingThreshold(points, row, mode, tau);
  if (!which) return mode === "accuracy" ? `${name} by accuracy alone` : `${name}: right and wrong answers mixed`;
  const gap = points.y[row] - tau[which] * CODES_PER_STEP;
  if (gap === 0) return `${name}: exactly at τ ${which}`;
  return `${name}: ${(Math.abs(gap) / TOP_CODE).toFixed(3)} ${gap > 0 ? "above" : "below"} τ ${which}`;
}
