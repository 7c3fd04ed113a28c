// ---- Pointer and keys ----

const STILL = 3; // CSS pixels that the pointer may move within a click

function listenToPointer(view) {
  const { canvas } = view;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  on(view, canvas, "pointerdown", (event) => {
    if (!view.parcel || event.button !== 0) return;
    const at = place(event);
    const drag = boxing(view) ? gripBox(view, at, reachOf(event)) : gripSight(view, at);
    view.grip = { at, drag, moved: false, touch: event.pointerType === "touch" };
    if (drag) canvas.setPointerCapture(event.pointerId);
    view.anchor = null;
    point(view, spotUnder(view, at));
  });
  on(view, canvas, "pointermove", (event) => {
    if (!view.parcel) return;
    const at = place(event);
    const { grip } = view;
    if (grip) grip.moved ||= Math.hypot(at[0] - grip.at[0], at[1] - grip.at[1]) > STILL;
    else canvas.style.cursor = boxCursor(view, at, reachOf(event));
    if (grip?.drag && !grip.moved) return;
    if (!grip?.drag || boxing(view)) point(view, spotUnder(view, at));
    grip?.drag?.(at);
  });
  const release = () => {
    view.tapped = view.grip && !view.grip.moved;
    view.clicked = view.tapped && !view.grip.touch;
    view.grip = null;
  };
  for (const type of ["pointerup", "pointercancel"]) on(view, canvas, type, release);
  on(view, canvas, "click", () => view.clicked && canEnlarge(view) && !boxing(view) && enlarge(view));
  on(view, canvas, "click", (event) => {
    if (view.tapped && !boxing(view)) ask(view, spotUnder(view, place(event)));
  });
  // A finger that lifts also leaves; what it touched stays readable.
  on(view, canvas, "pointerleave", (event) => event.pointerType === "mouse" && point(view, null));
  on(view, canvas, "wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // else the page scrolls
    event.preventDefault();
    const [x, y] = place(event);
    const { width, height } = view.size;
    zoomAt(view, Math.exp(-clamp(event.deltaY, -120, 120) / 300), x / width, y / height);
  }, { passive: false });
}

function gripSight(view, at) {
  const { x, y, zoom } = view.sight;
  if (zoom <= 1) return null;
  return (to) => {
    const { size } = view;
    look(view, {
      x: x - (to[0] - at[0]) / (size.width * zoom),
      y: y - (to[1] - at[1]) / (size.height * zoom),
    });
  };
}

function listenToKeys(view) {
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const others = {
    "+": () => zoomAtCell(view, 1.5),
    "=": () => zoomAtCell(view, 1.5),
    "-": () => zoomAtCell(view, 1 / 1.5),
    0: () => look(view, { zoom: 1 }),
    Home: () => goTo(view, strongest(shownMap(view), view.parcel.shape)),
    b: () => boxByKeys(view),
    B: () => boxByKeys(view),
    Enter: () => (canEnlarge(view) ? enlarge(view) : ask(view, view.spot)),
    " ": () => view.parcel.maps.length > 1 && chooseMap(view, 1 - view.side),
  };
  on(view, view.canvas, "keydown", (event) => {
    if (!view.parcel || event.ctrlKey || event.metaKey || event.altKey) return;
    const { key, shiftKey } = event;
    if (moves[key]) step(view, moves[key], shiftKey);
    else if (Object.hasOwn(others, key)) others[key]();
    else if (key === "Escape" && !boxing(view) && !isLarge(view)) point(view, null);
    else return;
    if (moves[key] || key === "Home") stretchToCell(view);
    event.preventDefault();
  });
  on(view, view.canvas, "blur", () => {
    view.anchor = null;
    point(view, null);
  });
}

function step(view, [right, down], far) {
  const [rows, columns] = view.parcel.shape;
  const stride = (side) => (far ? Math.max(1, Math.round(side / 10 / view.sight.zoom)) : 1);
  const cell = pointedCell(view);
  if (!isCell(cell)) return goTo(view, { column: columns >> 1, row: rows >> 1 });
  const column = clamp(cell.column + right * stride(columns), 0, columns - 1);
  const row = clamp(cell.row + down * stride(rows), 0, rows - 1);
  goTo(view, { column, row });
}
