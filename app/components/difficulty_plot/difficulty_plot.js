// The element a person works with: legend, handles, tooltip, selection, zoom; and the talk with Python.
// One instance per mounted element; it outlives reruns, and where a rerun puts the plot into another place on the page, the
// next instance goes on where the last one stopped. Text that comes with the data is set as textContent only.

const ASK_AGAIN_MS = 2000;
const PATIENCE_MS = 10000;                             // for Python's answer to a release

const plots = new WeakMap();                           // by element
const latestPlot = new Map();                          // by key, as Python has it: the one that was mounted last

export default function ({ data, parentElement, setTriggerValue }) {
  let plot = plots.get(parentElement);
  if (!plot) {
    plot = parentElement.difficultyPlot = new DifficultyPlot(parentElement);
    plots.set(parentElement, plot);
  }
  plot.emit = setTriggerValue;
  plot.update(data);
  return () => {
    plot.destroy();
    plots.delete(parentElement);
  };
}

class DifficultyPlot {
  constructor(root) {
    const find = selector => root.querySelector(selector);
    this.root = root;
    this.stage = find(".dp-stage");
    this.canvas = find("canvas");
    this.ctx = this.canvas.getContext("2d");
    this.axes = find(".dp-stage svg");
    this.handles = new Handles(root);
    this.legend = CLASS_NAMES.map(name => find(`[data-class="${name.toLowerCase()}"]`));
    this.note = find(".dp-note");
    this.spoken = find(".dp-spoken");
    this.tip = new Tooltip(find(".dp-tip"), row => this.emit("read", { row, version: this.points.version, have: versionsKept() }));
    this.tau = { low: 0, high: STEPS };                // whole thousandths
    this.view = { ...FULL_VIEW };
    this.tool = "box";
    this.toolbar = new Toolbar(root, this.actions());
    this.keys = new KeyRun(tauBefore => this.letGo(tauBefore));
    this.pointer = new Pointer(this);
    this.showsGhosts = false;
    this.sent = 0;                                     // sequence number of the last release
    this.sentAt = 0;
    this.stats = { frames: 0, frameMs: 0, buildMs: 0 };
    this.listen();
  }

  listen() {
    const { stage } = this, on = (element, type, method, options) =>
      element.addEventListener(type, event => this[method](event), options);
    on(stage, "wheel", "wheel", { passive: false });
    on(this.root.querySelector(".dp"), "keydown", "key");
    on(stage, "focusin", "focusIn");
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(stage);
  }

  // What the buttons do.
  actions() {
    return {
      tool: name => this.choose({ tool: name }),
      clear: () => this.clearSelection(),
      whole: () => this.show({ ...FULL_VIEW }),
      ghosts: () => this.choose({ showsGhosts: !this.showsGhosts }),
      reset: () => this.resetThresholds(),
      select: cls => this.select(rowsOfClass(this.points, cls, this.mode, this.tau), null),
    };
  }

  choose(changed) {
    Object.assign(this, changed);
    this.redraw();
  }

  destroy() {
    this.observer.disconnect();
    cancelAnimationFrame(this.requested);
    this.tip.hover(-1);
    this.keys.end();
  }

  get isHeld() {
    return Boolean(this.pointer.gesture) || this.keys.isOn;
  }

  // ---- from Python

  update(message) {
    const points = keptPoints(message);
    if (!points) return this.askFor(message.version);
    this.asked = null;
    this.news = { ...message, points };
    const isFirst = !this.points;
    if (!this.isHeld) this.settle();
    if (!isFirst) return;
    this.follow(latestPlot.get(message.key));
    latestPlot.set(message.key, this);
  }

  // Takes what Python said last. While a person holds something it waits: nothing changes in their hand.
  settle() {
    const message = this.news;
    if (!message) return;
    this.news = null;
    const { points, mode, score, cap, asks, locked, seq } = message, hint = hintInWords(mode, locked);
    const isOtherHint = hint !== this.hint;
    Object.assign(this, { mode, score, cap, asks, locked, hint });
    if (points !== this.points) this.showData(points);
    else if (isOtherHint) this.setNote(hint);
    if (message.question) points.textsRead.set(message.question.row, message.question.text);
    this.offered = { tau: inThousandths(message.tau_l, message.tau_h), seq };
    this.takeOffered();
    this.home = message.home && { name: message.home.name, ...inThousandths(message.home.tau_l, message.home.tau_h) };
    this.ghosts = message.ghosts.map(({ name, tau_l, tau_h }) => ({ name, ...inThousandths(tau_l, tau_h) }));
    this.handles.lock(locked);
    this.mark(message.marked);
    this.readColours();
    this.redraw();
  }

  // Goes on where the plot before this one stopped: in the same data, or with the same gesture.
  follow(before) {
    if (!before || (before.points !== this.points && !before.isHeld)) return;
    before.keys.end();
    const { view, tool, showsGhosts, selection, marked, sent, sentAt, tau } = before;
    Object.assign(this, { view, tool, showsGhosts, sent, sentAt, marked, selection: before.points === this.points ? selection : null });
    if (this.isAhead) this.tau = { ...tau };
    this.frame();
    this.pointer.takeOver(before.pointer);
  }

  // Whether Python has not answered the last release yet. One that lost its session has forgotten it, and is not waited for.
  get isAhead() {
    return this.offered.seq < this.sent && performance.now() - this.sentAt < PATIENCE_MS;
  }

  // Python's thresholds. An echo older than the last release moves nothing.
  takeOffered() {
    const { tau } = this.offered;
    if (this.isAhead || (tau.low === this.tau.low && tau.high === this.tau.high)) return;
    this.tau = { ...tau };
    if (this.counts) this.note.textContent = changeInWords(this.counts, classCounts(this.points, this.mode, tau));
    this.redraw();
  }

  askFor(version) {
    const now = performance.now();
    this.setNote("Loading the points…");
    if (this.asked?.version === version && now - this.asked.at < ASK_AGAIN_MS) return;
    this.asked = { version, at: now };
    this.emit("need", version);
  }

  showData(points) {
    Object.assign(this, { points, picture: null, counts: null, selection: null });
    this.tip.hover(-1);
    this.setNote(points.n ? this.hint : "No problem has been classified yet.");
    this.canvas.setAttribute("aria-label", plotInWords(points, this.score));
  }

  readColours() {
    const colours = coloursOf(this.stage, this.legend);
    if (JSON.stringify(colours) !== JSON.stringify(this.colours)) this.picture = null;
    this.colours = colours;
  }

  // ---- to Python: triggers, so that the same value twice still arrives

  sendThresholds() {
    this.sent = Math.max(this.sent, this.offered.seq) + 1;
    this.sentAt = performance.now();
    const { low, high } = this.tau;
    this.emit("tau", { tau_l: low / STEPS, tau_h: high / STEPS, seq: this.sent, have: versionsKept() });
  }

  sendSelection(rows, total) {
    this.emit("pick", { rows, total, version: this.points.version, have: versionsKept() });
  }

  // ---- drawing

  resize() {
    const { width, height } = this.stage.getBoundingClientRect();
    if (width === this.layout?.width && height === this.layout?.height) return;
    this.picture = null;
    this.redraw();
  }

  redraw() {
    this.requested ||= requestAnimationFrame(() => {
      this.requested = 0;
      this.frame();
    });
  }

  frame() {
    const { width, height } = this.stage.getBoundingClientRect();
    if (!this.points || width < 120) return;
    const start = performance.now();
    if (!this.picture?.isOf(this.points.classes, devicePixelRatio)) this.rebuild(width, height);
    const built = performance.now();
    const { tau, mode, selection } = this, ghosts = this.showsGhosts && hasLines(mode) ? this.ghosts : [];
    this.picture.draw(this.ctx, { tau, mode, ghosts, selection, hovered: this.tip.row, outline: this.pointer.gesture?.path });
    this.handles.place(this.layout, tau, mode, this.points.span);
    this.showCounts();
    this.showTools();
    this.showTip();
    this.stats = { frames: this.stats.frames + 1, frameMs: performance.now() - built, buildMs: built - start || this.stats.buildMs };
  }

  rebuild(width, height) {
    const scale = devicePixelRatio;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    this.layout = makeLayout(width, height, this.points.labels.length, this.view);
    this.picture = new Picture(this.points, this.layout, this.view, this.colours, scale);
    drawAxes(this.axes, this.points, this.layout, this.view, this.score);
  }

  showCounts() {
    this.counts = classCounts(this.points, this.mode, this.tau);
    this.legend.forEach((entry, cls) => {
      entry.querySelector("output").textContent = number.format(this.counts[cls]);
      entry.querySelector("small").textContent = this.points.n ? percent.format(this.counts[cls] / this.points.n) : "";
    });
    const { line, gesture } = this.pointer, before = line && gesture.moved ? gesture.tauBefore : this.keys.isOn && this.keys.tauBefore;
    if (before) this.note.textContent = changeInWords(classCounts(this.points, this.mode, before), this.counts);
    this.handles.speak(this.tau, this.points.span, this.counts);
  }

  showTools() {
    const { view, tau, home, tool, ghosts, showsGhosts } = this, canMove = hasLines(this.mode);
    this.toolbar.show({
      tool, showsGhosts, span: this.points.span, ghosts: canMove ? ghosts : [], home: canMove && !this.locked ? home : null,
      isSelected: Boolean(this.selection), isZoomed: view.low !== FULL_VIEW.low || view.high !== FULL_VIEW.high,
      isAway: home && (home.low !== tau.low || home.high !== tau.high),
    });
  }

  setNote(words) {
    this.note.textContent = words;
    if (words !== this.hint) this.spoken.textContent = words; // read out once, not at every step of a drag
  }

  // ---- hover

  showTip() {
    const { points, tip } = this, { row } = tip;
    if (row < 0) return tip.hide();
    const text = points.texts?.[row] ?? points.textsRead.get(row) ?? (this.asks ? READ_ONE : "");
    const verdict = verdictInWords(points, row, this.mode, this.tau);
    tip.show([text, factsInWords(points, row, this.score), verdict], this.picture.centre(row), this.layout);
  }

  hover(event, [x, y]) {
    const isOnPoints = event.pointerType !== "touch" && !event.target.closest(".dp-handle");
    this.hoverOver(isOnPoints ? nearestRow(this.points, this.layout, x, y, CLICK_REACH) : -1);
  }

  hoverOver(row) {
    if (this.tip.hover(row, this.points, this.asks)) this.redraw();
  }

  // ---- lines

  setThreshold(which, thousandths) {
    const { tau } = this;
    tau[which] = which === "low" ? clamp(thousandths, 0, tau.high) : clamp(thousandths, tau.low, STEPS);
    this.redraw();
  }

  // A line was moved by hand: what Python said meanwhile is taken, then Python is told.
  letGo(tauBefore) {
    const { low, high } = this.tau;
    this.settle();
    if (this.locked) return;
    if (tauBefore.low === low && tauBefore.high === high) return this.takeOffered();
    this.tau = { low, high };
    this.setNote(changeInWords(...[tauBefore, this.tau].map(tau => classCounts(this.points, this.mode, tau))));
    this.sendThresholds();
    this.redraw();
  }

  putBack(tau) {
    this.tau = { ...tau };
    this.note.textContent = this.hint;
    this.redraw();
  }

  resetThresholds() {
    this.keys.end();
    const { low, high } = this.home, before = this.tau;
    this.tau = { low, high };
    this.letGo(before);
  }

  // ---- selection

  click([x, y], line) {
    const row = nearestRow(this.points, this.layout, x, y, CLICK_REACH);
    if (row >= 0) this.select([row], null);
    else if (!line) this.clearSelection();
  }

  select(inside, path) {
    if (!inside.length) return this.clearSelection();
    const rows = fairSample(inside, this.cap);
    this.selection = { rows, outline: path && pathInData(path, this.layout) };
    this.setNote(selectionInWords(inside.length, rows.length));
    this.sendSelection(rows, inside.length);
    this.redraw();
  }

  // Rows that Python selects, which it is not told again; null where it selects none.
  mark(rows) {
    const isNew = JSON.stringify(rows) !== JSON.stringify(this.marked?.rows ?? null);
    if (!isNew && (this.selection || !rows)) return;
    if (rows && isNew) this.setNote(this.hint);
    if (rows) this.selection = { rows, outline: null };
    else if (this.selection === this.marked) this.selection = null;
    this.marked = rows && this.selection;
  }

  clearSelection() {
    if (!this.selection) return;
    this.selection = null;
    this.setNote("Selection cleared.");
    this.sendSelection([], 0);
    this.redraw();
  }

  // ---- zoom: ctrl + wheel; shift + wheel moves the shown range

  wheel(event) {
    if (!this.picture || !(event.ctrlKey || event.metaKey || event.shiftKey)) return;
    event.preventDefault();
    const delta = event.deltaY || event.deltaX, anchor = this.layout.codeAt(this.pointer.position(event)[1]);
    this.show(event.shiftKey ? shiftedView(this.view, -delta * 0.001) : zoomedView(this.view, anchor, Math.exp(delta * 0.002)));
  }

  show(view) {
    this.view = view;
    this.picture = null;
    this.hoverOver(-1);
    this.redraw();
  }

  // ---- keyboard

  focusIn(event) {
    if (event.target.matches(".dp-handle:focus-visible") && !this.locked && !this.pointer.gesture) this.note.textContent = KEYS_HINT;
  }

  key(event) {
    if (event.key === "Escape") {
      if (this.pointer.gesture) this.pointer.cancel();
      else this.clearSelection();
      return;
    }
    const which = event.target.dataset?.threshold, step = which && keyStep(event);
    if (step === undefined || this.locked || !this.points) return;
    event.preventDefault();
    event.stopPropagation();
    this.keys.extend(this.tau);
    this.setThreshold(which, this.tau[which] + step);
  }
}
