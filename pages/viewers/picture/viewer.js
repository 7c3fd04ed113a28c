// Draws a picture with its attribution map, and lets it be explored without asking the server.
// __init__.py joins the files of this folder to one script; they share one scope.

const DEFAULTS = {
  mode: "overlay", opacity: 0.85, range: "all", top: 10, smooth: null, grey: true,
  evidence: "", // in nothing, in a "box" that the visitor draws, or "in:" a named region
};
const VIEWS = new WeakMap();

// Called on every rerun with the same parentElement: the view, and with it the visitor's settings,
// stays; only the last call's cleanup takes it down.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".viewer");
  let view = VIEWS.get(parentElement);
  if (!view || view.root !== root || view.ended.signal.aborted) {
    if (view) end(view);
    view = begin(root, view);
    VIEWS.set(parentElement, view);
  }
  view.choose = (place) => setTriggerValue("chosen", place);
  const call = ++view.calls;
  if (view.canvas) receive(view, data, call);
  else serve(view, data);
  return () => call === view.calls && end(view);
}

// A view is a picture with its map, or, without a canvas, only the tool bar of a group.
function begin(root, former) {
  const view = {
    root,
    canvas: root.querySelector("canvas"),
    settings: former?.settings ?? { ...DEFAULTS },
    sight: former?.sight ?? { zoom: 1, x: 0.5, y: 0.5 }, // centre, in fractions of the picture
    box: former?.box ?? null, // left, top, width, height in fractions of the picture
    spot: null, // {x, y} pointed at, in fractions of the picture
    recalled: Boolean(former),
    side: former?.side ?? 0, // which of the maps is on the screen
    group: null,
    words: { sides: ["opposes", "supports"], masks: [], signed: true },
    size: { width: 0, height: 0 },
    parcel: null,
    photo: null,
    painted: document.createElement("canvas"),
    calls: 0,
    ended: new AbortController(),
  };
  listenToControls(view);
  listenToGroup(view);
  if (!view.canvas) return view;
  const resize = new ResizeObserver(() => request(view));
  for (const name of [".frame", ".stage"]) resize.observe(root.querySelector(name));
  view.ended.signal.addEventListener("abort", () => resize.disconnect());
  on(view, window, "resize", () => request(view));
  listenToPointer(view);
  listenToKeys(view);
  listenToSize(view);
  return view;
}

function end(view) {
  view.ended.abort();
  cancelAnimationFrame(view.frame);
  clearTimeout(view.speaking);
  clearInterval(view.blinking);
  if (view.canvas && isLarge(view)) shrink(view);
  view.photo?.close();
  view.photo = null;
}

const on = (view, target, type, listener, options) =>
  target.addEventListener(type, listener, { signal: view.ended.signal, ...options });
const part = (view, name) => view.root.querySelector(`[data-part="${name}"]`);
const control = (view, name) => view.root.querySelector(`[name="${name}"]`);
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

// What a tool bar alone gets: its group, and the words on it.
function serve(view, { group, words }) {
  view.words = words;
  view.group ??= group;
  recall(view);
  view.group = null;
  join(view, group);
  showWords(view);
  refresh(view);
  view.root.dataset.ready = "true";
}

async function receive(view, bytes, call) {
  const parcel = unpack(bytes);
  const { root } = view;
  root.dataset.compact = parcel.compact;
  view.wanted = parcel.text;
  if (!view.recalled) {
    Object.assign(view, { parcel, group: parcel.group });
    recall(view);
    Object.assign(view, { parcel: null, group: null });
  }
  join(view, parcel.group);
  if (view.parcel?.text === parcel.text) return refresh(view); // a rerun, or another theme
  root.dataset.ready = "false";
  delete root.dataset.digest;
  const photo = await createImageBitmap(parcel.file).catch(() => null);
  if (call !== view.calls || view.ended.signal.aborted) return photo?.close();
  view.photo?.close();
  const { sides, masks, maps } = parcel;
  const words = { sides, masks: [...masks.keys()], signed: maps.some((map) => map.signed) };
  Object.assign(view, { photo, parcel, words, paintedAs: null });
  if (!view.group && !offersEvidence(view)) view.settings.evidence = "";
  view.canvas.setAttribute("aria-label", parcel.alt);
  root.querySelector("dialog").setAttribute("aria-label", `Enlarged: ${parcel.alt}`);
  part(view, "title").textContent =
    maps.length > 1 ? maps.map((map) => map.name).join(" · ") : parcel.title;
  part(view, "keys").textContent =
    (parcel.asks ? "Enter asks about the place pointed at. " : "") +
    (parcel.compact ? "Enter enlarges. " : "") + (maps.length > 1 ? "Space shows the other map." : "");
  showWords(view);
  showMap(view, maps[view.side] ? view.side : 0);
  if (maps.length === 1) stopBlinking(view);
}
