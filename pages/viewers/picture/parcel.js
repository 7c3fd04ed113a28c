// ---- What arrives ----

// Length and text of the header; colours and scores of each map; masks; the picture's file.
function unpack(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  let at = 4;
  const take = (count) => bytes.slice(at, (at += count)); // a copy, aligned for numbers
  const text = new TextDecoder().decode(take(length));
  const header = JSON.parse(text);
  const cells = header.shape[0] * header.shape[1];
  const maps = header.maps.map((map) => ({
    ...map,
    colours: take(map.colours),
    heat: new Float32Array(take(4 * cells).buffer),
  }));
  const masks = new Map(header.masks.map((name) => [name, take(cells)]));
  const file = new Blob([bytes.slice(at)], { type: header.mime });
  return { ...header, text, maps, masks, file, outlines: new Map() };
}

const shownMap = ({ parcel, side }) => parcel.maps[side];

// Strengths in order, for ranks: sorted when first asked for, not before the first drawing.
function strengths(map) {
  map.sorted ??= map.heat.map(Math.abs).sort();
  return map.sorted;
}

function countBelow(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

// The lowest and highest score and the least strength that the chosen range leaves on the map.
function shownScores(view) {
  const { top } = view.settings;
  const range = effectiveRange(view);
  if (range === "supports") return [0, Infinity, 0];
  if (range === "opposes") return [-Infinity, 0, 0];
  if (range !== "top") return [-Infinity, Infinity, 0];
  const sorted = strengths(shownMap(view));
  return [-Infinity, Infinity, sorted[sorted.length - Math.ceil((top / 100) * sorted.length)]];
}

// A map without a sign has no sides to choose from, whatever its group shows.
function effectiveRange(view) {
  const { range } = view.settings;
  return shownMap(view).signed || range === "top" ? range : "all";
}

function strongest({ heat }, [, columns]) {
  let best = 0;
  for (let i = 1; i < heat.length; i++) if (Math.abs(heat[i]) > Math.abs(heat[best])) best = i;
  return { column: best % columns, row: Math.floor(best / columns) };
}
