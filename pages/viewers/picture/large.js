// ---- A compact panel made large, on top of the page ----

const isLarge = ({ root }) => root.dataset.large === "true";
const canEnlarge = (view) => view.parcel?.compact && !isLarge(view);

function listenToSize(view) {
  const dialog = view.root.querySelector("dialog");
  on(view, control(view, "enlarge"), "click", () => canEnlarge(view) && enlarge(view));
  on(view, control(view, "close"), "click", () => dialog.close());
  on(view, dialog, "click", ({ target }) => target === dialog && dialog.close());
  on(view, dialog, "close", () => shrink(view));
}

// The frame moves into the dialog; what is left keeps its height, so that the page stands still.
function enlarge(view) {
  const { root, canvas } = view;
  const dialog = root.querySelector("dialog");
  view.opener = root.getRootNode().activeElement ?? canvas;
  root.style.minHeight = `${root.offsetHeight}px`;
  root.dataset.large = "true";
  dialog.append(root.querySelector(".frame"));
  dialog.showModal();
  canvas.focus({ preventScroll: true });
  showLegend(view);
  request(view);
}

function shrink(view) {
  const { root } = view;
  root.querySelector("dialog").close();
  root.prepend(root.querySelector(".frame"));
  delete root.dataset.large;
  root.style.minHeight = "";
  view.opener?.focus({ preventScroll: true });
  showLegend(view);
  request(view);
}
