const FIRST_PAGE_MS = 1000;
const idle = window.requestIdleCallback ?? (done => setTimeout(done, 200));

// One part after the other, each begun when the browser has nothing else to do; a part that is there already costs nothing.
async function load(files) {
  await new Promise(done => setTimeout(done, FIRST_PAGE_MS));
  const entry = document.querySelector('script[type="module"][src*="/static/js/"]');
  for (const file of entry ? files : []) {
    await new Promise(done => idle(done));
    await import(new URL(file, entry.src)).catch(() => {});
  }
}

let isLoading = false;

export default function ({ data }) {
  if (!isLoading) load(data.files);
  isLoading = true;
}
