// The two lines that are dragged, as elements over the canvas: a line, a grip and a tab with the value.

class Handles {
  constructor(root) {
    this.low = root.querySelector('[data-threshold="low"]');
    this.high = root.querySelector('[data-threshold="high"]');
  }

  hold(which) {
    this.letGo();
    this[which].classList.add("held");
    this[which].focus({ preventScroll: true });
  }

  letGo() {
    this.low.classList.remove("held");
    this.high.classList.remove("held");
  }

  lock(isLocked) {
    for (const handle of [this.low, this.high]) {
      handle.classList.toggle("locked", isLocked);
      handle.setAttribute("aria-disabled", isLocked);
      handle.title = isLocked ? "Committed: this line stays" : "Drag, or use the arrow keys";
    }
  }

  // What a line is at, and how many problems it cuts off.
  speak(tau, span, [inlier, , outlier]) {
    this.low.setAttribute("aria-valuetext", `${inDecimals(tau.low, span)}, ${number.format(outlier)} Outlier`);
    this.high.setAttribute("aria-valuetext", `${inDecimals(tau.high, span)}, ${number.format(inlier)} Inlier`);
  }

  place(layout, tau, mode, span) {
    this.span = span;
    const yOf = which => layout.yOf(tau[which] * CODES_PER_STEP);
    // Tabs of lines close to each other, which share a strip in reward mode only, move apart.
    const nudge = mode === "reward" ? Math.max(0, 20 - (yOf("low") - yOf("high"))) / 2 : 0;
    this.placeOne("low", layout, yOf("low"), tau.low, mode, nudge);
    this.placeOne("high", layout, yOf("high"), tau.high, mode, -nudge);
    setAttributes(this.low, { "aria-valuemin": span[0], "aria-valuemax": rewardAt(tau.high, span), "aria-valuenow": rewardAt(tau.low, span) });
    setAttributes(this.high, { "aria-valuemin": rewardAt(tau.low, span), "aria-valuemax": span[1], "aria-valuenow": rewardAt(tau.high, span) });
  }

  // A line outside the zoomed range leaves its grip and tab on the edge, with an arrow.
  placeOne(which, layout, y, thousandths, mode, nudge) {
    const handle = this[which], shown = clamp(y, layout.top, layout.bottom);
    const left = layout.stripX(mode === "both" && which === "high" ? layout.nStrips - 1 : 0);
    const right = mode === "reward" ? layout.right : left + layout.stripWidth;
    const overhang = Math.min(layout.gap, MARGIN.right) - 4;
    const name = layout.stripWidth < 110 && mode === "both" ? "" : `τ ${which} `;
    const away = y < shown ? " ↑" : y > shown ? " ↓" : "";
    handle.hidden = !hasLines(mode);
    handle.classList.toggle("outside", away !== "");
    handle.style.cssText = `left:${left}px;width:${right - left}px;top:${shown}px;--overhang:${overhang}px;--nudge:${nudge}px`;
    handle.lastElementChild.textContent = name + inDecimals(thousandths, this.span) + away;
  }
}

function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}
