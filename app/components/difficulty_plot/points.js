// The points and what can be asked of them: class, counts, nearest, inside. Nothing here draws.
// Thresholds are whole thousandths. A process reward is a whole number of 64,000ths, placed by Python
// so that "reward code > 64 * threshold" is exactly the comparison of the original numbers.

const STEPS = 1000;
const CODES_PER_STEP = 64;
const TOP_CODE = STEPS * CODES_PER_STEP;
const INLIER = 0, BOUNDARY = 1, OUTLIER = 2;
const OWN = 3;                                         // in place of a class: each point has its own, sent along
const CLASS_NAMES = ["Inlier", "Boundary", "Outlier"];
const BAND_SHIFT = 8;                                  // 256 codes per index band
const BANDS = (TOP_CODE >> BAND_SHIFT) + 1;
const KEPT_VERSIONS = 4;                               // so that two plots, or a page switch, send nothing again
const pointsByVersion = new Map();                     // outlives the element: the module is loaded once per browser tab

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

function unpackPoints(message) {
  const column = name => message.points.getChild(name).toArray();
  const pair = column("pair");
  const stripOfPair = Uint8Array.from(message.pairs, entry => entry[2]);
  const strip = new Uint8Array(pair.length);
  for (let row = 0; row < strip.length; row++) strip[row] = stripOfPair[pair[row]];
  return {
    version: message.version, n: pair.length, pair, strip, x: column("x"), y: column("y"),
    span: message.span, pairs: message.pairs, labels: message.labels, counts: message.counts,
    tables: message.tables, texts: message.texts, index: null, classes: null,
    textsRead: new Map(),                              // by row: questions asked for one at a time
  };
}

function keptPoints(message) {
  const points = pointsByVersion.get(message.version) ?? (message.points && unpackPoints(message));
  if (!points) return null;
  if (message.classes) points.classes = unpackClasses(message);
  if (message.classes_version && points.classes?.version !== message.classes_version) return null;
  pointsByVersion.delete(message.version);             // set again below: the map's order is least recently used first
  pointsByVersion.set(message.version, points);
  while (pointsByVersion.size > KEPT_VERSIONS) pointsByVersion.delete(pointsByVersion.keys().next().value);
  return points;
}

function unpackClasses(message) {
  const of = message.classes.getChild("class").toArray(), counts = [0, 0, 0];
  for (let row = 0; row < of.length; row++) counts[of[row]]++;
  return { version: message.classes_version, of, counts };
}

const versionsKept = () => [...pointsByVersion].flatMap(([version, { classes }]) => (classes ? [version, classes.version] : [version]));

const hasLines = mode => mode === "both" || mode === "reward";

const lastStrip = points => points.labels.length - 1;

function classCounts(points, mode, tau) {
  if (mode === "posterior") return points.classes.counts;
  const tables = points.tables[mode];
  const inlier = tables ? tables.above[tau.high] : points.counts[lastStrip(points)];
  const outlier = tables ? tables.below[tau.low] : points.counts[0];
  return [inlier, points.n - inlier - outlier, outlier];
}

// The classes of one strip from top to bottom, in thousandths: what is drawn, hovered and counted follows this.
function classBands(strip, last, mode, tau) {
  const all = cls => [{ high: Infinity, low: -Infinity, cls }];
  const upper = { high: Infinity, low: tau.high, cls: INLIER };
  const lower = { high: tau.low, low: -Infinity, cls: OUTLIER };
  if (mode === "posterior") return all(OWN);
  if (mode === "reward") return [upper, { high: tau.high, low: tau.low, cls: BOUNDARY }, lower];
  if (mode === "accuracy") return all(strip === 0 ? OUTLIER : strip === last ? INLIER : BOUNDARY);
  if (strip === 0) return [{ high: Infinity, low: tau.low, cls: BOUNDARY }, lower];
  if (strip === last) return [upper, { high: tau.high, low: -Infinity, cls: BOUNDARY }];
  return all(BOUNDARY);
}

function classOf(points, row, mode, tau) {
  if (mode === "posterior") return points.classes.of[row];
  const strip = points.strip[row], last = lastStrip(points), code = points.y[row];
  if (mode === "accuracy") return strip === 0 ? OUTLIER : strip === last ? INLIER : BOUNDARY;
  const canBeInlier = mode === "reward" || strip === last, canBeOutlier = mode === "reward" || strip === 0;
  if (canBeInlier && code > tau.high * CODES_PER_STEP) return INLIER;
  if (canBeOutlier && code < tau.low * CODES_PER_STEP) return OUTLIER;
  return BOUNDARY;
}

// Which threshold decides on this point: "low", "high", or null where none does.
function decidingThreshold(points, row, mode, tau) {
  const strip = points.strip[row];
  if (!hasLines(mode)) return null;
  if (mode === "reward") {
    const code = points.y[row];
    return Math.abs(code - tau.high * CODES_PER_STEP) <= Math.abs(code - tau.low * CODES_PER_STEP) ? "high" : "low";
  }
  return strip === 0 ? "low" : strip === lastStrip(points) ? "high" : null;
}

// Rows sorted by strip and height band, so that hovering and selecting look at a few bands only.
function heightIndex(points) {
  if (points.index) return points.index;
  const { strip, y, n } = points;
  const starts = new Uint32Array(points.labels.length * BANDS + 1);
  for (let row = 0; row < n; row++) starts[strip[row] * BANDS + (y[row] >> BAND_SHIFT) + 1]++;
  for (let cell = 1; cell < starts.length; cell++) starts[cell] += starts[cell - 1];
  const next = starts.slice(), rows = new Uint32Array(n);
  for (let row = 0; row < n; row++) rows[next[strip[row] * BANDS + (y[row] >> BAND_SHIFT)]++] = row;
  return (points.index = { starts, rows });
}

function eachRowBetween(points, strip, lowCode, highCode, visit) {
  const { starts, rows } = heightIndex(points);
  const first = Math.max(0, Math.floor(lowCode) >> BAND_SHIFT);
  const last = Math.min(BANDS - 1, Math.floor(highCode) >> BAND_SHIFT);
  if (last < first) return;
  for (let i = starts[strip * BANDS + first]; i < starts[strip * BANDS + last + 1]; i++) visit(rows[i]);
}

function nearestRow(points, layout, px, py, reach) {
  const strip = layout.stripAt(px);
  if (strip < 0) return -1;
  let best = reach * reach, nearest = -1;
  eachRowBetween(points, strip, layout.codeAt(py + reach), layout.codeAt(py - reach), row => {
    const dx = layout.dotX(strip, points.x[row]) - px, dy = layout.yOf(points.y[row]) - py;
    const distance = dx * dx + dy * dy;
    if (distance <= best) { best = distance; nearest = row; }
  });
  return nearest;
}

// Rows whose dot centre lies in the polygon and in the part of the plot that is shown, strip by strip from below.
function rowsInside(points, layout, polygon) {
  const xs = polygon.map(corner => corner[0]), ys = polygon.map(corner => corner[1]);
  const left = Math.min(...xs), right = Math.max(...xs);
  const top = Math.max(layout.top, Math.min(...ys)), bottom = Math.min(layout.bottom, Math.max(...ys));
  const inside = [];
  points.labels.forEach((_, strip) => {
    if (layout.stripX(strip) > right || layout.stripX(strip) + layout.stripWidth < left) return;
    eachRowBetween(points, strip, layout.codeAt(bottom), layout.codeAt(top), row => {
      const px = layout.dotX(strip, points.x[row]), py = layout.yOf(points.y[row]);
      if (px < left || px > right || py < top || py > bottom) return;
      if (containsPoint(polygon, px, py)) inside.push(row);
    });
  });
  return inside;
}

// Rows of one class, strip by strip from below.
const rowsOfClass = (points, cls, mode, tau) => heightIndex(points).rows.filter(row => classOf(points, row, mode, tau) === cls);

// At most `cap` of the rows, in row order. Rows come ordered by strip and height, so taking them at even distances
// gives every strip, and every height in it, its share.
function fairSample(rows, cap) {
  const n = Math.min(rows.length, cap);
  return Array.from({ length: n }, (_, i) => rows[Math.floor(((i + 0.5) * rows.length) / n)]).sort((a, b) => a - b);
}

const inThousandths = (low, high) => ({ low: Math.round(low * STEPS), high: Math.round(high * STEPS) });
