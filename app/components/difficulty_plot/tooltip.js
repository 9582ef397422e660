// The box beside a hovered dot. Its lines may come from a data set: they are text, never markup.

class Tooltip {
  constructor(element) {
    this.element = element;
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
    const top = clamp(y - offsetHeight / 2, 0, layout.height - offsetHeight);
    element.style.transform = `translate(${Math.max(0, left)}px,${top}px)`;
  }
}
