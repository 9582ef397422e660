export default function ({ parentElement, data }) {
  const button = parentElement.querySelector("button"), answer = parentElement.querySelector("span");
  const show = () => {
    const now = "Notification" in window ? Notification.permission : "missing";
    answer.textContent = data.answers[now];
    button.disabled = now !== "default";
  };
  button.textContent = data.label;
  button.onclick = async () => {
    await Notification.requestPermission();
    show();
  };
  show();
}
