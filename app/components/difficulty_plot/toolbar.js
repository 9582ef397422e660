// The buttons above the plot. What they do is the plot's business; which of them make sense now is shown here.

class Toolbar {
  constructor(root, actions) {
    const find = name => root.querySelector(`[data-do="${name}"]`);
    this.tools = root.querySelectorAll("[data-tool]");
    this.clear = find("clear");
    this.whole = find("whole");
    this.ghosts = find("ghosts");
    this.reset = find("reset");
    this.ghostKey = root.querySelector(".dp-ghosts");
    root.querySelector(".dp").addEventListener("click", event => {
      const { tool, do: name, select } = event.target.closest("button")?.dataset ?? {};
      if (tool) actions.tool(tool);
      else if (name) actions[name]();
      else if (select) actions.select(Number(select));
    });
  }

  show(state) {
    const json = JSON.stringify(state); // asked for at every frame, changed rarely
    if (json === this.json) return;
    this.json = json;
    for (const button of this.tools) button.setAttribute("aria-pressed", button.dataset.tool === state.tool);
    this.clear.hidden = !state.isSelected;
    this.whole.hidden = !state.isZoomed;
    this.reset.hidden = !state.home;
    this.reset.disabled = !state.isAway;
    if (state.home) this.reset.title = `Back to ${pairInWords(state.home, state.span)}, ${state.home.name}`;
    this.showGhosts(state.ghosts, state.showsGhosts, state.span);
  }

  showGhosts(ghosts, areShown, span) {
    this.ghosts.hidden = !ghosts.length;
    this.ghosts.textContent = ghosts.length > 1 ? "Earlier commits" : "Last commit";
    this.ghosts.setAttribute("aria-pressed", areShown);
    this.ghostKey.hidden = !areShown || !ghosts.length;
    this.ghostKey.replaceChildren(...ghosts.map(ghost => {
      const line = document.createElement("span");
      line.append(document.createElement("i"), `${ghost.name} ${pairInWords(ghost, span)}`);
      return line;
    }));
  }
}
