// Puts a picture that the server draws into the clipboard.
// The clipboard is asked at once, while the browser still knows of the click, for a picture that is
// promised; the promise is kept by the next call that brings one.

const COPIED = 2000; // milliseconds that the button says so
const PATIENCE = 60000;
const PROMISED = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const button = parentElement.querySelector("button");
  const start = 4 + new DataView(data.buffer, data.byteOffset).getUint32(0, true);
  const { what } = JSON.parse(new TextDecoder().decode(data.subarray(4, start)));
  button.title = `Copy ${what} to the clipboard`;
  button.hidden = !navigator.clipboard?.write;
  button.onclick = () => copy(button, parentElement, () => setTriggerValue("asked", true));
  if (data.length > start) {
    PROMISED.get(parentElement)?.(new Blob([data.slice(start)], { type: "image/png" }));
    PROMISED.delete(parentElement);
  }
}

async function copy(button, place, ask) {
  button.textContent = "Drawing …";
  const picture = new Promise((keep, give) => {
    PROMISED.set(place, keep);
    setTimeout(give, PATIENCE);
  });
  const written = navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
  ask();
  button.textContent = await written.then(() => "Copied", () => "Your browser does not allow it");
  setTimeout(() => (button.textContent = "Copy"), COPIED);
}
