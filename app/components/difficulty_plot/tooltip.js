// The box beside a hovered dot. Its lines may come from a data set: they are text, never markup.

const REST_MS = 250; // a pointer that rests this long on a dot asks for its question, where questions do not come along

class Tooltip {
  constructor(element, ask) {
    this.element = element;
    this.ask = ask;
    this.row = -1;
  }

  // Returns whether another dot is hovered now; row -1 is none.
  hover(row, points, asks) {
    if (row === this.row) return false;
    this.row = row;
    clearTimeout(this.timer);
    if (row >= 0 && asks && !points.textsRead.has(row)) this.timer = setTimeout(() => this.ask(row), REST_MS);
    return true;
  }

  hide() {
    this.element.hidden = true;
  }

  show(lines, [x, y], layout) {
    const { element } = this, gap = 14;
    element.hidden = false;
    lines.forEach((line, i) => (element.children[i].textContent = line));
    const { offsetWidth, offsetHeight } = element;
    const left = x + gap + offsetWidth > layout.width ? x - gap - offsetWidth : x + gap;
    const beside = y - offsetHeight / 2, above = y < layout.height / 2 ? y + gap : y - gap - offsetHeight; // where no side has room
    const top = clamp(left < 0 ? above : beside, 0, layout.height - offsetHeight);
    element.style.transform = `translate(${Math.max(0, left)}px,${top}px)`;
  }
}
