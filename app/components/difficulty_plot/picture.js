// From points to pixels. Each strip is drawn once per class that it can show, all its dots in that class's colour; a
// frame copies from each of these layers the part between two lines: its cost does not depend on the number of points.
// Few points are large dots: those that touch a line are drawn again, whole, in the colour of their class. Many points
// are small ones: they are counted per pixel and tone-mapped, so that a crowd shows where it is densest.

const LARGE_DOTS_LIMIT = 2500;
const MARGIN = { left: 56, top: 10, right: 34, bottom: 62 };
const OVERSHOOT = 0.02 * TOP_CODE;                     // room for whole dots at 0 and at 1
const FULL_VIEW = { low: -OVERSHOOT, high: TOP_CODE + OVERSHOOT };
const SMALLEST_VIEW = 0.01 * TOP_CODE;
const DENSITY_BINS = 200;
const GHOST_DASHES = [[6, 4], [2, 3]];                 // as the key above the plot shows them

function zoomedView(view, anchor, factor) {
  if ((view.high - view.low) * factor < SMALLEST_VIEW) return view;
  const low = anchor - (anchor - view.low) * factor, high = anchor + (view.high - anchor) * factor;
  return { low: Math.max(FULL_VIEW.low, low), high: Math.min(FULL_VIEW.high, high) };
}

function shiftedView(view, share) {
  const shift = clamp(share * (view.high - view.low), FULL_VIEW.low - view.low, FULL_VIEW.high - view.high);
  return { low: view.low + shift, high: view.high + shift };
}

// Where things are, in CSS pixels. `view` is the shown range of reward codes.
function makeLayout(width, height, nStrips, view) {
  const gap = Math.round(clamp((width * 0.1) / nStrips, 8, 30));
  const top = MARGIN.top, bottom = height - MARGIN.bottom, plotHeight = bottom - top;
  const stripWidth = Math.floor((width - MARGIN.left - MARGIN.right - gap * (nStrips - 1)) / nStrips);
  const pad = clamp(stripWidth * 0.06, 5, 8), silhouetteWidth = stripWidth * 0.2;
  const dotWidth = stripWidth - silhouetteWidth - 3 - 2 * pad;
  const stripX = strip => MARGIN.left + strip * (stripWidth + gap);
  return {
    width, height, nStrips, gap, top, bottom, plotHeight, stripWidth, stripX, pad, silhouetteWidth,
    right: stripX(nStrips - 1) + stripWidth,
    dotWidth,
    dotX: (strip, x) => stripX(strip) + pad + (x / 65535) * dotWidth,
    yOf: code => top + ((view.high - code) / (view.high - view.low)) * plotHeight,
    codeAt: py => view.high - ((py - top) / plotHeight) * (view.high - view.low),
    stripAt: px => {
      const strip = Math.floor((px - MARGIN.left + gap / 2) / (stripWidth + gap));
      return strip >= 0 && strip < nStrips ? strip : -1;
    },
  };
}

// Dots shrink with their number and, in a narrow window, with the room there is.
function dotRadius(n, layout) {
  const room = Math.min(1, (layout.stripWidth * layout.nStrips) / 900);
  return clamp(4.3 * (Math.max(n, 1) / 400) ** -0.23 * Math.sqrt(room), 0.75, 4.3);
}

// How strongly one lone dot is drawn: fainter the more there are, so that a crowd has room to be darker.
const loneDotAlpha = n => clamp(0.62 - 0.15 * Math.log10(Math.max(n, 1) / 3000), 0.22, 0.62);

// A disc as a flat list of dx, dy, cover: the innermost loop at a million points runs over it.
function discStamp(radius) {
  const reach = Math.ceil(radius), taps = [];
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const cover = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(dx, dy)));
      if (cover > 0.02) taps.push(dx, dy, cover);
    }
  }
  return taps;
}

// Per strip, how many dots cover each device pixel.
function coverageSheets(points, layout, view, scale) {
  const w = Math.max(1, Math.round(layout.stripWidth * scale)), h = Math.max(1, Math.round(layout.plotHeight * scale));
  const sheets = points.labels.map(() => new Float32Array(w * h));
  const radius = dotRadius(points.n, layout) * scale, reach = Math.ceil(radius), stamp = discStamp(radius);
  const xScale = (layout.dotWidth * scale) / 65535, xStart = layout.pad * scale;
  const yScale = h / (view.high - view.low);
  const { strip, x, y, n } = points;
  for (let row = 0; row < n; row++) {
    const cy = ((view.high - y[row]) * yScale) | 0;
    if (cy < -reach || cy >= h + reach) continue;
    const cx = (xStart + x[row] * xScale) | 0, sheet = sheets[strip[row]];
    for (let tap = 0; tap < stamp.length; tap += 3) {
      const px = cx + stamp[tap], py = cy + stamp[tap + 1];
      if (px >= 0 && px < w && py >= 0 && py < h) sheet[py * w + px] += stamp[tap + 2];
    }
  }
  return { sheets, w, h };
}

// Tone mapping: a root of the coverage, scaled to the plot's densest half per cent, the same in every strip.
function alphaSheets(sheets, n) {
  const sample = [];
  for (const sheet of sheets) for (let i = 0; i < sheet.length; i += 7) if (sheet[i] > 0.5) sample.push(sheet[i]);
  const sorted = Float32Array.from(sample).sort();
  const densest = Math.max(4, sorted[Math.floor(sorted.length * 0.995)] ?? 4);
  const lone = loneDotAlpha(n), tone = c => (c <= 1 ? lone * c : lone + (1 - lone) * ((c - 1) / (densest - 1)) ** 0.65);
  return sheets.map(sheet => Uint8ClampedArray.from(sheet, c => 255 * tone(c)));
}

function maskCanvas(alpha, w, h) {
  const canvas = new OffscreenCanvas(w, h), ctx = canvas.getContext("2d"), image = ctx.createImageData(w, h);
  for (let i = 0; i < alpha.length; i++) image.data[4 * i + 3] = alpha[i];
  ctx.putImageData(image, 0, 0);
  return canvas;
}

function tintedCopy(mask, colour) {
  const canvas = new OffscreenCanvas(mask.width, mask.height), ctx = canvas.getContext("2d");
  ctx.drawImage(mask, 0, 0);
  ctx.globalCompositeOperation = "source-in";
  ctx.fillStyle = colour;
  ctx.fillRect(0, 0, mask.width, mask.height);
  return canvas;
}

// One dot with a rim in the strip's colour, so that dots that overlap stay apart.
function dotSprite(radius, colour, rim, scale) {
  const half = Math.ceil(radius + 1.5), canvas = new OffscreenCanvas(2 * half * scale, 2 * half * scale);
  const ctx = canvas.getContext("2d");
  ctx.scale(scale, scale);
  for (const [r, fill, alpha] of [[radius + 0.8, rim, 1], [radius, colour, 0.9]]) {
    ctx.globalAlpha = alpha;
    ctx.fillStyle = fill;
    ctx.beginPath();
    ctx.arc(half, half, r, 0, 2 * Math.PI);
    ctx.fill();
  }
  return { canvas, half };
}

// A smoothed histogram per strip, its peak 1. The kernel follows Silverman's rule and is mirrored at 0 and 1.
function densityProfiles(points) {
  const histograms = points.labels.map(() => new Float64Array(DENSITY_BINS));
  for (let row = 0; row < points.n; row++) {
    const bin = Math.min(DENSITY_BINS - 1, Math.floor((points.y[row] / TOP_CODE) * DENSITY_BINS));
    histograms[points.strip[row]][bin]++;
  }
  return histograms.map((histogram, strip) => smoothProfile(histogram, points.counts[strip]));
}

function smoothProfile(histogram, count) {
  if (!count) return null;
  let mean = 0, variance = 0;
  histogram.forEach((c, bin) => (mean += (c * bin) / count));
  histogram.forEach((c, bin) => (variance += (c * (bin - mean) ** 2) / count));
  const sigma = clamp(0.9 * Math.sqrt(variance) * count ** -0.2, 1.2, 10), reach = Math.ceil(3 * sigma);
  const profile = new Float64Array(DENSITY_BINS);
  histogram.forEach((c, bin) => {
    if (!c) return;
    for (let d = -reach; d <= reach; d++) {
      let at = bin + d;
      if (at < 0) at = -1 - at;
      if (at >= DENSITY_BINS) at = 2 * DENSITY_BINS - 1 - at;
      profile[at] += c * Math.exp(-0.5 * (d / sigma) ** 2);
    }
  });
  const peak = Math.max(...profile);
  return profile.map(value => value / peak);
}

// The curve from the lowest to the highest value that occurs, and the area between it and the strip's inner side.
function silhouettePaths(profile, layout, strip, share) {
  const base = layout.stripX(strip) + layout.stripWidth - layout.silhouetteWidth - 3;
  const width = layout.silhouetteWidth * Math.max(0.35, Math.sqrt(share));
  const first = profile.findIndex(value => value > 0.012), last = profile.findLastIndex(value => value > 0.012);
  const curve = new Path2D(), area = new Path2D(), yOf = share => layout.yOf(share * TOP_CODE);
  area.moveTo(base, yOf(first / DENSITY_BINS));
  for (let bin = first; bin <= last; bin++) {
    const x = base + profile[bin] * width, y = yOf((bin + 0.5) / DENSITY_BINS);
    area.lineTo(x, y);
    bin === first ? curve.moveTo(x, y) : curve.lineTo(x, y);
  }
  area.lineTo(base, yOf((last + 1) / DENSITY_BINS));
  return { curve, area };
}

function drawSilhouette(ctx, { curve, area }, colour) {
  ctx.fillStyle = ctx.strokeStyle = colour;
  ctx.globalAlpha = 0.32;
  ctx.fill(area);
  ctx.globalAlpha = 0.9;
  ctx.stroke(curve);
}

// The style sheet decides on the colours, from Streamlit's theme; the canvas reads them back.
function coloursOf(stage, legend) {
  const style = getComputedStyle(stage);
  return {
    classes: legend.map(entry => getComputedStyle(entry.querySelector("i")).backgroundColor),
    strip: style.getPropertyValue("--st-secondary-background-color").trim() || "#f3f4f6",
    text: style.color,
  };
}

// The drawn state of one data set at one size, zoom and theme. Thresholds, mode and selection come per frame.
class Picture {
  constructor(points, layout, view, colours, scale) {
    Object.assign(this, { points, layout, colours, scale, radius: dotRadius(points.n, layout) });
    const largest = Math.max(1, ...points.counts);
    points.profiles ??= densityProfiles(points);
    this.silhouettes = points.profiles.map((profile, strip) =>
      profile && silhouettePaths(profile, layout, strip, points.counts[strip] / largest));
    this.layers = points.labels.map(() => []);
    if (points.n <= LARGE_DOTS_LIMIT) {
      this.sprites = colours.classes.map(colour => dotSprite(this.radius, colour, colours.strip, scale));
    } else {
      const { sheets, w, h } = coverageSheets(points, layout, view, scale);
      this.masks = alphaSheets(sheets, points.n).map(alpha => maskCanvas(alpha, w, h));
    }
  }

  // A strip with all its dots and its silhouette in the colour of one class; made when first shown.
  layer(strip, cls) {
    return (this.layers[strip][cls] ??= this.drawLayer(strip, cls));
  }

  drawLayer(strip, cls) {
    const { layout, scale, points, masks, silhouettes } = this, colour = this.colours.classes[cls];
    const w = Math.round(layout.stripWidth * scale), h = Math.round(layout.plotHeight * scale);
    const canvas = masks ? tintedCopy(masks[strip], colour) : new OffscreenCanvas(w, h), ctx = canvas.getContext("2d");
    ctx.globalCompositeOperation = "source-over";
    ctx.scale(scale, scale);
    ctx.translate(-layout.stripX(strip), -layout.top);
    if (!masks) eachRowBetween(points, strip, 0, TOP_CODE, row => this.drawDot(ctx, row, cls));
    if (silhouettes[strip]) drawSilhouette(ctx, silhouettes[strip], colour);
    return canvas;
  }

  draw(ctx, frame) {
    const { layout, scale } = this;
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    ctx.clearRect(0, 0, layout.width, layout.height);
    for (let strip = 0; strip < layout.nStrips; strip++) this.drawStrip(ctx, strip, frame);
    frame.ghosts.forEach((ghost, i) => this.drawGhost(ctx, ghost, GHOST_DASHES[i % GHOST_DASHES.length], frame.mode));
    if (frame.selection) this.drawSelection(ctx, frame.selection);
    if (frame.hovered >= 0) this.ringDots(ctx, [frame.hovered], this.radius + 2.5, 2);
    if (frame.outline) this.drawOutline(ctx, frame.outline, true);
  }

  drawStrip(ctx, strip, { mode, tau }) {
    const { layout, scale } = this, x = layout.stripX(strip);
    const bands = classBands(strip, layout.nStrips - 1, mode, tau);
    for (const band of bands) {
      const top = this.pixelEdge(band.high), height = this.pixelEdge(band.low) - top;
      if (height <= 0) continue;
      const layer = this.layer(strip, band.cls);
      ctx.drawImage(layer, 0, (top - layout.top) * scale, layer.width, height * scale, x, top, layout.stripWidth, height);
    }
    if (this.sprites) for (const { low } of bands.slice(0, -1)) this.drawDotsAtLine(ctx, strip, low, mode, tau);
  }

  drawDotsAtLine(ctx, strip, thousandths, mode, tau) {
    const { points, layout } = this, y = layout.yOf(thousandths * CODES_PER_STEP), reach = this.radius + 1;
    eachRowBetween(points, strip, layout.codeAt(y + reach), layout.codeAt(y - reach), row => {
      if (Math.abs(layout.yOf(points.y[row]) - y) <= reach) this.drawDot(ctx, row, classOf(points, row, mode, tau));
    });
  }

  drawDot(ctx, row, cls) {
    const { layout, scale } = this, [x, y] = this.centre(row), { canvas, half } = this.sprites[cls];
    if (y < layout.top || y > layout.bottom) return;
    const onPixel = value => Math.round(value * scale) / scale; // a dot between pixels would be blurred
    ctx.drawImage(canvas, onPixel(x - half), onPixel(y - half), 2 * half, 2 * half);
  }

  // The plot-height position of a threshold, on a device pixel so that the two layers meet without a seam.
  pixelEdge(thousandths) {
    const { layout, scale } = this;
    if (thousandths === Infinity) return layout.top;
    if (thousandths === -Infinity) return layout.bottom;
    const y = clamp(layout.yOf(thousandths * CODES_PER_STEP), layout.top, layout.bottom);
    return Math.round(y * scale) / scale;
  }

  drawGhost(ctx, ghost, dash, mode) {
    const { layout, colours } = this, last = layout.nStrips - 1;
    ctx.strokeStyle = colours.text;
    ctx.globalAlpha = 0.75;
    ctx.setLineDash(dash);
    for (const which of ["low", "high"]) {
      const y = Math.round(layout.yOf(ghost[which] * CODES_PER_STEP)) + 0.5;
      if (y < layout.top || y > layout.bottom) continue;
      const from = mode === "both" && which === "high" ? last : 0, to = mode === "both" && which === "low" ? 0 : last;
      ctx.beginPath();
      ctx.moveTo(layout.stripX(from), y);
      ctx.lineTo(layout.stripX(to) + layout.stripWidth, y);
      ctx.stroke();
    }
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
  }

  drawSelection(ctx, { rows, outline }) {
    if (rows.length <= 60) this.ringDots(ctx, rows, this.radius + 1.5, 1.5);
    else this.ringDots(ctx, rows, 1.6, 0);
    if (outline) this.drawOutline(ctx, outline(this.layout), false);
  }

  // Circles around the dots of these rows; filled where `lineWidth` is 0.
  ringDots(ctx, rows, radius, lineWidth) {
    const { layout, colours } = this;
    ctx.beginPath();
    for (const row of rows) {
      const [x, y] = this.centre(row);
      if (y < layout.top || y > layout.bottom) continue;
      ctx.moveTo(x + radius, y);
      ctx.arc(x, y, radius, 0, 2 * Math.PI);
    }
    ctx.strokeStyle = ctx.fillStyle = colours.text;
    ctx.lineWidth = lineWidth || 1;
    if (lineWidth) ctx.stroke();
    else ctx.fill();
    ctx.lineWidth = 1;
  }

  drawOutline(ctx, corners, filled) {
    const { layout } = this;
    ctx.save();
    ctx.beginPath();
    ctx.rect(0, layout.top, layout.width, layout.plotHeight);
    ctx.clip();
    ctx.beginPath();
    corners.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
    ctx.closePath();
    ctx.strokeStyle = ctx.fillStyle = this.colours.text;
    if (filled) {
      ctx.globalAlpha = 0.08;
      ctx.fill();
      ctx.globalAlpha = 1;
    }
    ctx.setLineDash([4, 3]);
    ctx.stroke();
    ctx.restore();
  }

  centre(row) {
    const { points, layout } = this;
    return [layout.dotX(points.strip[row], points.x[row]), layout.yOf(points.y[row])];
  }
}
