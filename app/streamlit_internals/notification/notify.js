const known = (window.notifiedOf ??= new Set());

export default function ({ data }) {
  const fresh = Object.entries(data.texts).filter(([key]) => !known.has(key));
  fresh.forEach(([key]) => known.add(key));
  if (!("Notification" in window) || Notification.permission !== "granted" || !document.hidden) return;
  try {
    for (const [tag, body] of fresh) new Notification(data.title, { body, tag });
  } catch {
    // some mobile browsers have the name alone: the tab says it when it is looked at
  }
}
