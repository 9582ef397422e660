// Where an address leads: its page and its query, less the settings.
function placeOf(url, settings) {
  const query = [...url.searchParams].filter(([name]) => !settings.includes(name));
  return { page: url.pathname, query: JSON.stringify(query.sort()), isBare: !query.length };
}

// A change of settings alone, or an address that said nothing yet, is no step of the back button.
export default function ({ data }) {
  history.pushState = (state, title, url) => {
    const from = placeOf(new URL(location.href), data.settings), to = placeOf(new URL(url, location.href), data.settings);
    const isSame = from.page === to.page && (from.isBare || from.query === to.query);
    History.prototype[isSame ? "replaceState" : "pushState"].call(history, state, title, url);
  };
}
