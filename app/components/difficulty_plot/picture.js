// From points to pixels. Each strip is drawn once per class that it can show, all its dots in that class's colour; a
// frame copies from each of these layers the part between two lines: its cost does not depend on the number of points.
// Few points are large dots: those that touch a line are drawn again, whole, in the colour of their class. Many points
// are small ones: they are counted per pixel and tone-mapped, so that a crowd shows where it is densest. Where each
// problem comes with its own class, one more layer shows every dot in its own colour, and no line cuts it.

const LARGE_DOTS_LIMIT = 2500;
const MARGIN = { left: 56, top: 10, right: 34, bottom: 62 };
const OVERSHOOT = 0.02 * TOP_CODE;                     // room for whole dots at 0 and at 1
const FULL_VIEW = { low: -OVERSHOOT, high: TOP_CODE + OVERSHOOT };
const SMALLEST_VIEW = 0.01 * TOP_CODE;
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
    Object.assign(this, { points, layout, view, colours, scale, classes: points.classes, radius: dotRadius(points.n, layout) });
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

  // Whether it shows these classes, at this scale.
  isOf(classes, scale) {
    return this.classes === classes && this.scale === scale;
  }

  // A strip with all its dots and its silhouette in the colour of one class, or of each dot's own; made when first shown.
  layer(strip, cls) {
    return (this.layers[strip][cls] ??= this.drawLayer(strip, cls));
  }

  drawLayer(strip, cls) {
    const { layout, scale, points, masks, silhouettes } = this, colour = this.colours.classes[cls === OWN ? BOUNDARY : cls];
    const w = Math.round(layout.stripWidth * scale), h = Math.round(layout.plotHeight * scale);
    const canvas = masks ? this.crowd(strip, cls) : new OffscreenCanvas(w, h), ctx = canvas.getContext("2d");
    ctx.globalCompositeOperation = "source-over";
    ctx.scale(scale, scale);
    ctx.translate(-layout.stripX(strip), -layout.top);
    const classAt = row => (cls === OWN ? points.classes.of[row] : cls);
    if (!masks) eachRowBetween(points, strip, 0, TOP_CODE, row => this.drawDot(ctx, row, classAt(row)));
    if (silhouettes[strip]) drawSilhouette(ctx, silhouettes[strip], colour);
    return canvas;
  }

  crowd(strip, cls) {
    const { points, layout, view, scale, masks, colours } = this;
    if (cls !== OWN) return tintedCopy(masks[strip], colours.classes[cls]);
    this.mixed ??= mixedCrowd(points, layout, view, scale, colours.classes);
    return this.mixed[strip];
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
