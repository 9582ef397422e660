// The box or lasso being drawn: a list of corners, in pixels of the drawing area.

const LASSO_STEP = 3; // pixels between two corners

function extendedOutline(tool, from, path, [x, y]) {
  const [x0, y0] = from;
  if (tool === "box") return [[x0, y0], [x, y0], [x, y], [x0, y]];
  const corners = path ?? [from], [lastX, lastY] = corners.at(-1);
  if (Math.hypot(x - lastX, y - lastY) >= LASSO_STEP) corners.push([x, y]);
  return corners;
}

// A drawn path that stays on its points when the plot is zoomed or resized: where it is in a later layout.
function pathInData(path, layout) {
  const left = layout.stripX(0), corners = path.map(([x, y]) => [(x - left) / (layout.right - left), layout.codeAt(y)]);
  return later => corners.map(([share, code]) => [left + share * (later.right - left), later.yOf(code)]);
}

function containsPoint(polygon, px, py) {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [ax, ay] = polygon[i], [bx, by] = polygon[j];
    if (ay > py !== by > py && px < ((bx - ax) * (py - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}
