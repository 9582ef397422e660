// Draws the formulas that arithmatex marked, with the KaTeX that lies beside this file: nothing is loaded from elsewhere.
document.addEventListener("DOMContentLoaded", () => {
  for (const marked of document.querySelectorAll(".arithmatex")) {
    const text = marked.textContent.trim();
    katex.render(text.slice(2, -2), marked, { displayMode: text.startsWith("\\["), throwOnError: false });
  }
});
