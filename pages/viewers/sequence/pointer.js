// ---- Pointer, wheel, fingers and keys ----

const STEP = 1.5; // how much a button or key zooms

function listenToButtons(view) {
  const clicks = {
    in: () => zoomAtSpot(view, STEP),
    out: () => zoomAtSpot(view, 1 / STEP),
    all: () => look(view, 0, Infinity),
    strongest: () => goToStrongest(view),
  };
  for (const [name, act] of Object.entries(clicks))
    on(view, view.root.querySelector(`[name="${name}"]`), "click", () => view.parcel && act());
}

const placeOn = (canvas, event) => {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};

function listenToPlot(view) {
  const { plot } = view;
  const held = new Map(); // pointers that are down, by their id, and where
  on(view, plot, "pointerdown", (event) => {
    if (!view.parcel || event.button !== 0) return;
    const at = placeOn(plot, event);
    plot.setPointerCapture(event.pointerId);
    held.set(event.pointerId, at);
    pointAt(view, ...at);
  });
  on(view, plot, "pointermove", (event) => {
    if (!view.parcel) return;
    const to = placeOn(plot, event);
    const from = held.get(event.pointerId);
    if (!from) return pointAt(view, ...to);
    const [other] = [...held].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    held.set(event.pointerId, to);
    if (other) return pinch(view, from[0], to[0], other[0]);
    pan(view, ((from[0] - to[0]) / view.size.width) * seen(view).span);
  });
  for (const type of ["pointerup", "pointercancel", "lostpointercapture"])
    on(view, plot, type, (event) => held.delete(event.pointerId));
  // A finger that lifts also leaves; what it touched stays readable.
  on(view, plot, "pointerleave", (event) =>
    view.parcel && event.pointerType === "mouse" && !held.size && point(view, null));
  on(view, plot, "wheel", (event) => {
    if (!view.parcel) return;
    const { left, width } = view.size;
    if (event.ctrlKey || event.metaKey) {
      const factor = Math.exp(-clamp(event.deltaY, -120, 120) / 300);
      zoom(view, factor, clamp((placeOn(plot, event)[0] - left) / width, 0, 1));
    } else {
      const across = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
      const sideways = event.shiftKey || Math.abs(across) > Math.abs(event.deltaY);
      if (!sideways || isWhole(view)) return; // the page scrolls
      pan(view, (across / width) * seen(view).span);
    }
    event.preventDefault();
  }, { passive: false });
}

function pinch(view, from, to, other) {
  const { left, width } = view.size;
  const [before, after] = [Math.abs(from - other), Math.abs(to - other)];
  if (before > 8 && after > 8)
    zoom(view, after / before, clamp((other - left) / width, 0, 1));
}

// The strip: the window can be dragged, stretched at its ends, or put elsewhere with a click.
function listenToStrip(view) {
  const { strip } = view;
  let drag = null;
  const letter = (event) => {
    const { left, width } = view.size;
    return ((placeOn(strip, event)[0] - left) / width) * view.parcel.length;
  };
  const grip = (at, touch) => {
    const { start, span } = seen(view);
    const reach = ((touch ? 14 : 6) / view.size.width) * view.parcel.length;
    if (isWhole(view)) return "new";
    if (Math.abs(at - start) < Math.min(reach, span)) return "start";
    if (Math.abs(at - start - span) < Math.min(reach, span)) return "stop";
    return at > start && at < start + span ? "move" : "jump";
  };
  const CURSORS = { new: "crosshair", start: "ew-resize", stop: "ew-resize", move: "grab", jump: "pointer" };
  on(view, strip, "pointerdown", (event) => {
    if (!view.parcel || event.button !== 0) return;
    strip.setPointerCapture(event.pointerId);
    const at = letter(event);
    const held = grip(at, event.pointerType === "touch");
    if (held === "jump") look(view, at - seen(view).span / 2, seen(view).span);
    drag = { held, at, ...seen(view) };
  });
  on(view, strip, "pointermove", (event) => {
    if (!view.parcel) return;
    const at = letter(event);
    if (!drag) return (strip.style.cursor = CURSORS[grip(at, false)]);
    const [from, to] = [drag.start, drag.start + drag.span];
    if (drag.held === "new") return stretch(view, drag.at, at);
    if (drag.held === "start") return stretch(view, to, Math.min(at, to - LEAST));
    if (drag.held === "stop") return stretch(view, from, Math.max(at, from + LEAST));
    look(view, drag.start + at - drag.at, drag.span);
  });
  for (const type of ["pointerup", "pointercancel"]) on(view, strip, type, () => (drag = null));
}

function stretch(view, one, other) {
  const [from, to] = [one, other].map((at) => clamp(at, 0, view.parcel.length));
  if (Math.abs(from - to) >= 1) look(view, Math.min(from, to), Math.abs(to - from));
}

function listenToKeys(view) {
  const others = {
    "+": () => zoomAtSpot(view, STEP),
    "=": () => zoomAtSpot(view, STEP),
    "-": () => zoomAtSpot(view, 1 / STEP),
    0: () => look(view, 0, Infinity),
    s: () => goToStrongest(view),
    S: () => goToStrongest(view),
    Escape: () => point(view, null),
  };
  on(view, view.plot, "keydown", (event) => {
    if (!view.parcel || event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    const { spot } = view;
    const way = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (way) travel(view, way, event.shiftKey);
    else if (key === "Home" || key === "End") goToEnd(view, key === "End");
    else if (Object.hasOwn(others, key)) others[key]();
    else return;
    event.preventDefault();
    if (spot === view.spot) speakRange(view); // else the letter is read out
  });
}

// With all letters in sight there is nowhere to pan to, and the letter pointed at moves instead.
function travel(view, way, single) {
  const { start, span } = seen(view);
  if (!single && !isWhole(view)) return pan(view, way * Math.max(1, span / 10));
  const last = view.parcel.length - 1;
  const stride = single ? 1 : Math.max(1, Math.round(span / 100));
  const at = view.spot ? view.spot.at + way * stride : Math.floor(start + span / 2);
  goTo(view, clamp(at, 0, last));
}

function goToEnd(view, last) {
  if (isWhole(view)) return goTo(view, last ? view.parcel.length - 1 : 0);
  look(view, last ? view.parcel.length : 0, seen(view).span);
}
