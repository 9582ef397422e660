// Dots as pixels: few are sprites, one by one; many are counted per device pixel and tone-mapped.

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

// Per strip, how many dots, of the rows that are counted, cover each device pixel.
function coverageSheets(points, layout, view, scale, isCounted = () => true) {
  const w = Math.max(1, Math.round(layout.stripWidth * scale)), h = Math.max(1, Math.round(layout.plotHeight * scale));
  const sheets = points.labels.map(() => new Float32Array(w * h));
  const radius = dotRadius(points.n, layout) * scale, reach = Math.ceil(radius), stamp = discStamp(radius);
  const xScale = (layout.dotWidth * scale) / 65535, xStart = layout.pad * scale;
  const yScale = h / (view.high - view.low);
  const { strip, x, y, n } = points;
  for (let row = 0; row < n; row++) {
    const cy = ((view.high - y[row]) * yScale) | 0;
    if (cy < -reach || cy >= h + reach || !isCounted(row)) continue;
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

// A crowd with each dot in the colour of its own class, a canvas per strip. Where classes overlap, a pixel shows them in proportion.
function mixedCrowd(points, layout, view, scale, colours) {
  const { of } = points.classes, parts = colours.map((_, cls) => coverageSheets(points, layout, view, scale, row => of[row] === cls));
  const { w, h } = parts[0], sheetsOf = strip => parts.map(part => part.sheets[strip]);
  const totals = points.labels.map((_, strip) => sheetsOf(strip).reduce((sum, sheet) => sum.map((cover, i) => cover + sheet[i])));
  return alphaSheets(totals, points.n).map((alpha, strip) => {
    const canvas = new OffscreenCanvas(w, h), ctx = canvas.getContext("2d");
    ctx.globalCompositeOperation = "lighter";
    sheetsOf(strip).forEach((sheet, cls) => {
      const share = alpha.map((a, i) => (sheet[i] ? (a * sheet[i]) / totals[strip][i] : 0));
      ctx.drawImage(tintedCopy(maskCanvas(share, w, h), colours[cls]), 0, 0);
    });
    return canvas;
  });
}
