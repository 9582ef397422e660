// Keys on a line: how far each moves it, and when a run of them is over. A run is one release, told after a pause.

const KEY_PAUSE_MS = 250;
const KEY_STEPS = { ArrowUp: 10, ArrowRight: 10, ArrowDown: -10, ArrowLeft: -10, PageUp: 100, PageDown: -100,
                    Home: -STEPS, End: STEPS };

// Thousandths, or undefined for a key that moves nothing. Shift makes an arrow fine.
function keyStep({ key, shiftKey, ctrlKey, metaKey, altKey }) {
  if (ctrlKey || metaKey || altKey) return undefined;
  return shiftKey && key.startsWith("Arrow") ? KEY_STEPS[key] / 10 : KEY_STEPS[key];
}

class KeyRun {
  constructor(tell) {
    this.tell = tell;
    this.timer = 0;
  }

  get isOn() {
    return this.timer !== 0;
  }

  // One more key; `tau` is what it was before it.
  extend(tau) {
    if (!this.isOn) this.tauBefore = { ...tau };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.end(), KEY_PAUSE_MS);
  }

  end() {
    if (!this.isOn) return;
    clearTimeout(this.timer);
    this.timer = 0;
    this.tell(this.tauBefore);
  }
}
