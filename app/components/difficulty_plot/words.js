// What the plot says: numbers and sentences, no elements.

const HAS_WHEEL = !matchMedia("(pointer: coarse)").matches; // a touch screen has none
const ZOOM_HINT = HAS_WHEEL ? " Ctrl + wheel zooms." : "";
const HINT = `Drag a line to move its threshold, drag over points to select them.${ZOOM_HINT}`;
const NO_LINES = {
  accuracy: "Accuracy alone decides here, so there are no lines to drag.",
  posterior: "The posterior of each pass rate decides here, so there are no lines to drag.",
};
const SELECT_HINT = `Drag over points to select them.${ZOOM_HINT}`;
const KEYS_HINT = "Arrow keys move the line by a hundredth of the axis, with Shift by a thousandth, Page Up and Page Down by a tenth.";
const READ_ONE = "Loading its text…";

const number = new Intl.NumberFormat("en");
const percent = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
// Thresholds and rewards are thousandths of what is shown: `span` says from where to where, and in how many decimals.
const rewardAt = (thousandths, [low, high]) => low + (high - low) * (thousandths / STEPS);
const inDecimals = (thousandths, span) => rewardAt(thousandths, span).toFixed(span[2]);

function hintInWords(mode, locked) {
  if (!hasLines(mode)) return `${NO_LINES[mode]} ${SELECT_HINT}`;
  return locked ? `Committed: the lines stay. ${SELECT_HINT}` : HINT;
}

function changeInWords(before, after) {
  const changes = CLASS_NAMES.flatMap((name, cls) =>
    before[cls] === after[cls] ? [] : [`${name} ${number.format(before[cls])} → ${number.format(after[cls])}`]);
  return changes.join(", ") || "No problem changes its class.";
}

function selectionInWords(total, shown) {
  const selected = `${number.format(total)} selected`;
  return total === shown ? selected : `${selected}, ${number.format(shown)} of them listed, spread evenly`;
}

// `score` is what the height means, such as "process reward"; empty where nothing is scored.
function factsInWords(points, row, score) {
  const [correct, total] = points.pairs[points.pair[row]];
  return `${correct} of ${total} correct` + (score && `, ${score} ${inDecimals(points.y[row] / CODES_PER_STEP, points.span)}`);
}

function plotInWords(points, score) {
  const strips = points.labels.map((label, strip) => `accuracy ${label}: ${number.format(points.counts[strip])}`);
  return `${number.format(points.n)} problems by accuracy and ${score || "nothing else"}. ${strips.join(", ")}.`;
}

const pairInWords = (tau, span) => `${inDecimals(tau.low, span)} / ${inDecimals(tau.high, span)}`;

function verdictInWords(points, row, mode, tau) {
  const name = CLASS_NAMES[classOf(points, row, mode, tau)], which = decidingThreshold(points, row, mode, tau);
  if (mode === "posterior") return `${name}: its most probable class`;
  if (!which) return mode === "accuracy" ? `${name} by accuracy alone` : `${name}: right and wrong answers mixed`;
  const gap = points.y[row] - tau[which] * CODES_PER_STEP;
  if (gap === 0) return `${name}: exactly at τ ${which}`;
  const [low, high, digits] = points.span, size = (Math.abs(gap) / TOP_CODE) * (high - low);
  return `${name}: ${size.toFixed(digits)} ${gap > 0 ? "above" : "below"} τ ${which}`;
}
