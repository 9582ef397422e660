const FIRST_PAGE_MS = 1000;

// One part after the other, each when the browser has nothing else to do; a part that is there already costs nothing.
async function load(files) {
  await new Promise(done => setTimeout(done, FIRST_PAGE_MS));
  const entry = document.querySelector('script[type="module"][src*="/static/js/"]');
  for (const file of entry ? files : []) {
    await new Promise(requestIdleCallback);
    await import(new URL(file, entry.src)).catch(() => {});
  }
}

let isLoading = false;

export default function ({ data }) {
  if (!isLoading) load(data.files);
  isLoading = true;
}
