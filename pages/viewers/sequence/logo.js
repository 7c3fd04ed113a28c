// Draws the contributions along a DNA sequence, and lets it be explored without asking the server.
// __init__.py joins the files of this folder to one script; they share one scope.

const VIEWS = new WeakMap();

// Called on every rerun with the same parentElement: the view, and with it the visitor's window,
// stays; only the last call's cleanup takes it down.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".logo");
  let view = VIEWS.get(parentElement);
  if (view?.root !== root || view.ended.signal.aborted) {
    if (view) end(view);
    VIEWS.set(parentElement, (view = begin(root, view)));
  }
  const call = ++view.calls;
  receive(view, data);
  return () => call === view.calls && end(view);
}

function begin(root, former) {
  const view = {
    root,
    plot: root.querySelector(".plot"),
    strip: root.querySelector(".strip"),
    sight: former?.sight ?? null, // {start, span} in letters; null shows all
    spot: null, // {at, row, among}: the letter pointed at, and of how many it is the strongest
    group: "",
    parcel: null,
    painted: document.createElement("canvas"), // the map's colours, one dot a column and row
    whole: document.createElement("canvas"), // the strip without its window
    visited: -1, // which of the strongest places was gone to last
    calls: 0,
    ended: new AbortController(),
  };
  const resize = new ResizeObserver(() => request(view));
  resize.observe(root);
  view.ended.signal.addEventListener("abort", () => resize.disconnect());
  listenToButtons(view);
  listenToPlot(view);
  listenToStrip(view);
  listenToKeys(view);
  listenToGroup(view);
  return view;
}

function end(view) {
  view.ended.abort();
  cancelAnimationFrame(view.frame);
  clearTimeout(view.speaking);
}

const on = (view, target, type, listener, options) =>
  target.addEventListener(type, listener, { signal: view.ended.signal, ...options });
const part = (view, name) => view.root.querySelector(`[data-part="${name}"]`);
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

function receive(view, bytes) {
  const parcel = unpack(bytes);
  join(view, parcel.group);
  if (view.parcel?.text === parcel.text) return request(view, true); // a rerun, or another theme
  const { root } = view;
  root.dataset.ready = "false";
  if (!view.group && view.parcel && view.parcel.length !== parcel.length) view.sight = null;
  Object.assign(view, { parcel, visited: -1, theme: null });
  if (view.spot?.at >= parcel.length) view.spot = null;
  root.dataset.compact = parcel.compact;
  view.plot.setAttribute("aria-label", parcel.alt);
  part(view, "title").textContent = parcel.title;
  showLegend(view);
  request(view, true);
}

// Length and text of the header, colours, one letter a byte, scores row by row.
function unpack(bytes) {
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  let at = 4;
  const take = (count) => bytes.slice(at, (at += count)); // a copy, aligned for numbers
  const text = new TextDecoder().decode(take(size));
  const header = JSON.parse(text);
  const colours = take(header.colours);
  const letters = take(header.length);
  const scores = new Float32Array(take(4 * header.rows * header.length).buffer);
  const spans = header.spans.map(([start, stop, name, lane]) => ({ start, stop, name, lane }));
  const following = new Map();
  for (const span of spans.toReversed()) {
    span.next = following.get(span.lane) ?? Infinity; // where the next one in its lane starts
    following.set(span.lane, span.start);
  }
  return { ...header, text, colours, letters, scores, spans, ...reach(header, scores) };
}

// How far each position reaches up and down: stacked letters add up, cells of a map do not.
function reach({ length, rows, kind }, scores) {
  const [up, down] = [new Float32Array(length), new Float32Array(length)];
  for (let row = 0; row < rows; row++)
    for (let at = 0; at < length; at++) {
      const score = scores[row * length + at];
      const side = score > 0 ? up : down;
      if (kind === "logo") side[at] += score;
      else if (Math.abs(score) > Math.abs(side[at])) side[at] = score;
    }
  return { up, down };
}

// ---- Logos and maps of one group: the window and the letter pointed at ----

const EVENT = "evident-logo";

function listenToGroup(view) {
  on(view, window, EVENT, ({ detail }) => {
    if (!view.group || detail.group !== view.group || detail.from === view.root) return;
    if (detail.asks) return view.sight && tell(view, { to: detail.from, sight: view.sight });
    if (detail.to && detail.to !== view.root) return;
    if (detail.sight !== undefined) view.sight = detail.sight;
    if (detail.spot !== undefined) view.spot = sameSpot(view, detail.spot);
    request(view);
  });
}

// The letter at the same place, if this sequence is that long.
const sameSpot = ({ parcel }, spot) =>
  spot && spot.at < parcel?.length ? { at: spot.at, among: 1 } : null;

// Who comes late asks, and any member that has a window answers: all of them have the same.
function join(view, group) {
  if (view.group === group) return;
  view.group = group;
  tell(view, { asks: true });
}

function tell(view, news) {
  if (!view.group) return;
  const detail = { group: view.group, from: view.root, ...news };
  window.dispatchEvent(new CustomEvent(EVENT, { detail }));
}
