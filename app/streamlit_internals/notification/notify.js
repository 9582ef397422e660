export default function ({ data }) {
  if (!("Notification" in window) || Notification.permission !== "granted" || !document.hidden) return;
  try {
    for (const [tag, text] of Object.entries(data.texts)) new Notification(data.title, { body: text, tag });
  } catch {
    // some mobile browsers have the name alone: the tab says it when it is looked at
  }
}
