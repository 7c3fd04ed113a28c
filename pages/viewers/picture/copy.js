// ---- The picture as it is seen, to the clipboard ----

const COPIED = 2000; // milliseconds that the button says so

// Without what follows the pointer. Browsers offer a clipboard to pages from this computer and
// to those by HTTPS alone; elsewhere the button is hidden.
async function copyPicture(view) {
  view.spot = null;
  draw(view);
  const picture = new Promise((resolve) => view.canvas.toBlob(resolve, "image/png"));
  const said = await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]).then(
    () => "Copied", () => "Your browser does not allow it");
  const button = control(view, "copy");
  const words = button.dataset.words ??= button.textContent;
  button.textContent = said;
  speak(view, () => said);
  setTimeout(() => (button.textContent = words), COPIED);
}
