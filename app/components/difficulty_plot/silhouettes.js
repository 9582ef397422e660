// How the problems of a strip are spread over its height: a smoothed histogram beside the dots.

const DENSITY_BINS = 200;

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
