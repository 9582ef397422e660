const isField = element => element.closest?.("input, textarea, select, [contenteditable=true]");

export default function ({ data }) {
  const press = event => {
    if (event.key !== data.character || event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return;
    document.querySelector(`.st-key-${data.button} button`)?.click();
  };
  document.addEventListener("keydown", press);
  return () => document.removeEventListener("keydown", press);
}
