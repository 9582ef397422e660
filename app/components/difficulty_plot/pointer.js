// A pressed pointer: it drags a line, draws an outline around points, or clicks. A gesture outlives the element it began on:
// while a page is drawn anew, the plot that left it still hears the pointer, until the one in its place takes over.

const CLICK_REACH = 10, DRAG_REACH = 4; // pixels: how near a click must be; how far a press must move to be a drag
const HEARD = { pointermove: "move", pointerup: "release", pointercancel: "cancel" };

class Pointer {
  constructor(plot) {
    this.plot = plot;
    this.gesture = null;
    this.hear = event => event.pointerId === this.gesture.id && this[HEARD[event.type]](event);
    plot.stage.addEventListener("pointerdown", event => this.press(event));
    plot.stage.addEventListener("pointermove", event => this.gesture || plot.hover(event, this.position(event)));
    plot.stage.addEventListener("pointerleave", () => this.gesture || plot.hoverOver(-1));
  }

  // The line in hand: "low", "high", or undefined.
  get line() {
    return this.gesture?.which;
  }

  // In pixels of the drawing area as it lay on the page when the pointer was pressed: what shifts the page moves no line.
  position({ clientX, clientY }) {
    const [left, top] = this.gesture?.origin ?? this.origin();
    return [clientX - left, clientY - top];
  }

  origin() {
    const { left, top } = this.plot.stage.getBoundingClientRect();
    return [left, top];
  }

  press(event) {
    const { plot } = this, handle = event.target.closest(".dp-handle");
    if (event.button !== 0 || !event.isPrimary || !plot.picture) return;
    const from = this.position(event);
    this.begin({ id: event.pointerId, origin: this.origin(), from });
    if (handle && plot.locked) handle.focus({ preventScroll: true });
    else if (handle) {
      event.preventDefault();
      plot.keys.end();
      this.grab(handle.dataset.threshold, from[1]);
    } else {
      plot.stage.focus({ preventScroll: true });
    }
    plot.hoverOver(-1);
    plot.redraw();
  }

  begin(gesture) {
    this.gesture = gesture;
    for (const type in HEARD) window.addEventListener(type, this.hear, true);
    if (gesture.id !== undefined) this.plot.stage.setPointerCapture(gesture.id);
  }

  grab(which, y) {
    const { tau, layout, handles } = this.plot;
    const lineY = clamp(layout.yOf(tau[which] * CODES_PER_STEP), layout.top, layout.bottom);
    Object.assign(this.gesture, { which, tauBefore: { ...tau }, offset: y - lineY });
    handles.hold(which);
  }

  move(event) {
    const at = this.position(event), { gesture, plot } = this, { from } = gesture;
    if (!plot.picture || !(gesture.moved || Math.hypot(at[0] - from[0], at[1] - from[1]) >= DRAG_REACH)) return;
    if (gesture.which) this.dragLine(at[1]);
    else gesture.path = extendedOutline(plot.tool, from, gesture.path, at);
    gesture.moved = true;
    plot.redraw();
  }

  dragLine(y) {
    const { gesture, plot } = this, { tau } = plot;
    // Two lines on the same spot: the first movement says which of them is meant.
    if (!gesture.moved && plot.mode === "reward" && tau.low === tau.high) this.grab(y < gesture.from[1] ? "high" : "low", gesture.from[1]);
    plot.setThreshold(gesture.which, Math.round(plot.layout.codeAt(y - gesture.offset) / CODES_PER_STEP));
  }

  release() {
    const { gesture, plot } = this, { which, moved, path, tauBefore, from } = gesture;
    this.drop();
    if (which && moved) return plot.letGo(tauBefore);
    plot.settle();
    if (!plot.picture) plot.frame();
    if (path?.length > 2) plot.select(rowsInside(plot.points, plot.layout, path), path);
    else plot.click(from, which);
  }

  cancel() {
    const { tauBefore } = this.gesture;
    this.drop();
    if (tauBefore) this.plot.putBack(tauBefore);
    this.plot.settle();
  }

  drop() {
    this.gesture = null;
    for (const type in HEARD) window.removeEventListener(type, this.hear, true);
    this.plot.handles.letGo();
    this.plot.redraw();
  }

  // From the plot that stood here before.
  takeOver(other) {
    const { gesture } = other;
    if (!gesture) return;
    other.drop();
    this.plot.tau = { ...other.plot.tau };
    this.begin(gesture);
    if (gesture.which) this.plot.handles.hold(gesture.which);
  }
}
