// ---- Where letters are, and looking around: positions count from 0 and are edges of letters ----

const LEAST = 12; // letters that are left when zoomed in fully
const CLOSE = 60; // letters around one of the strongest places, or fewer to be legible
const APART = 10; // letters between two of the strongest places
const PLACES = 10; // of the strongest that one can go to

// What is seen of this sequence; the window of a group may reach past the end of a short one.
function seen({ sight, parcel: { length } }) {
  const span = clamp(sight?.span ?? length, Math.min(LEAST, length), length);
  return { start: clamp(sight?.start ?? 0, 0, length - span), span };
}

const isWhole = (view) => seen(view).span >= view.parcel.length;

function look(view, start, span) {
  const { length } = view.parcel;
  view.sight = span >= length ? null : { start, span };
  if (view.sight) view.sight = seen(view);
  tell(view, { sight: view.sight });
  request(view);
}

const pan = (view, letters) => look(view, seen(view).start + letters, seen(view).span);

// Shows 1 / factor of the letters, and keeps what lies at the fraction x of the width there.
function zoom(view, factor, x = 0.5) {
  const { start, span } = seen(view);
  const { length } = view.parcel;
  const after = clamp(span / factor, Math.min(LEAST, length), length);
  look(view, start + x * (span - after), after);
}

// The buttons and keys keep the letter that is pointed at where it is, if it is on the screen.
function zoomAtSpot(view, factor) {
  const { start, span } = seen(view);
  const x = view.spot ? (view.spot.at + 0.5 - start) / span : 0.5;
  zoom(view, factor, x > 0 && x < 1 ? x : 0.5);
}

// ---- Pointing ----

function point(view, spot) {
  const { at, row } = view.spot ?? {};
  if (at === spot?.at && row === spot?.row && !spot === !view.spot) return;
  view.spot = spot;
  tell(view, { spot });
  request(view);
  speak(view, () => (view.spot ? reading(view).filter(Boolean).join(", ") : ""));
}

// Of several letters under one dot the strongest is pointed at.
function pointAt(view, x, y) {
  const { start, span } = seen(view);
  const { left, width, plot, row: below } = view.size;
  const first = Math.floor(start + ((x - left) / width) * span);
  if (x < left || x >= left + width || y > plot + below || first >= view.parcel.length)
    return point(view, null);
  const stop = Math.min(view.parcel.length, Math.max(first + 1, Math.floor(first + span / width)));
  const row = view.parcel.kind === "map" ? clamp(Math.floor((4 * y) / plot), 0, 3) : undefined;
  point(view, { at: strongestIn(view.parcel, first, stop), row, among: stop - first });
}

function goTo(view, at) {
  const { start, span } = seen(view);
  point(view, { at, row: undefined, among: 1 });
  if (at < start) look(view, at, span);
  else if (at + 1 > start + span) look(view, at + 1 - span, span);
}

const strength = ({ up, down }, at) => Math.max(up[at], -down[at]);

function strongestIn(parcel, start, stop) {
  let best = start;
  for (let at = start + 1; at < stop; at++)
    if (strength(parcel, at) > strength(parcel, best)) best = at;
  return best;
}

// The strongest position, then the strongest that is not near it, and so on.
function strongestPlaces(parcel) {
  if (parcel.places) return parcel.places;
  const left = Float32Array.from(parcel.up, (_, at) => strength(parcel, at));
  parcel.places = [];
  while (parcel.places.length < PLACES) {
    let best = 0;
    for (let at = 1; at < left.length; at++) if (left[at] > left[best]) best = at;
    if (left[best] <= 0) break;
    parcel.places.push(best);
    left.fill(0, Math.max(0, best - APART), best + APART + 1);
  }
  return parcel.places;
}

function goToStrongest(view) {
  const places = strongestPlaces(view.parcel);
  if (!places.length) return speak(view, () => "Every contribution is zero.");
  view.visited = (view.visited + 1) % places.length;
  const at = places[view.visited];
  const span = Math.min(seen(view).span, CLOSE, Math.floor(view.size.width / (LEGIBLE + 2)));
  look(view, at + 0.5 - span / 2, span);
  view.spot = null; // so that it is read out again
  point(view, { at, row: undefined, among: 1 });
}
