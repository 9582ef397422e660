export default function ({ data }) {
  document.title = data.title;
}
