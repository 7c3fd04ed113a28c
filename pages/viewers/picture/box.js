// ---- Evidence in a box, or in a named region ----

const GRAB = { mouse: 10, pen: 12, touch: 20 }; // CSS pixels around an edge that take hold of it
const boxing = (view) => view.settings.evidence === "box";
const regionName = ({ settings }) => settings.evidence.replace(/^in:/, "");
const offersEvidence = ({ settings, words }) =>
  !settings.evidence.startsWith("in:") || words.masks.includes(settings.evidence.slice(3));

// "", "box" or "in:" a name: only while the visitor is at a box is there one.
function chooseEvidence(view, evidence) {
  view.anchor = view.grip = null;
  if (evidence !== "box") setBox(view, null);
  set(view, { evidence });
  speakEvidence(view);
}

function setBox(view, box) {
  if (box === view.box) return;
  view.box = box;
  tell(view, { box });
  request(view);
}

// From one corner to any other, kept within what the network sees.
function stretchBox(view, [left, top, right, bottom]) {
  const [x, y, width, height] = view.parcel.region;
  const [west, east] = [left, right].map((side) => clamp(side, x, x + width)).sort(ascending);
  const [north, south] = [top, bottom].map((side) => clamp(side, y, y + height)).sort(ascending);
  setBox(view, [west, north, east - west, south - north]);
  speakEvidence(view);
}

const ascending = (a, b) => a - b;

// Which edges of the box a pointer takes hold of: all of them inside, none outside.
function edgesUnder(view, [x, y], reach) {
  if (!view.box) return null;
  const [left, top, width, height] = boxOf(view, view.box);
  const inward = [Math.min(reach, width / 4), Math.min(reach, height / 4)];
  const beside = [x - left, left + width - x, y - top, top + height - y]; // inwards from each edge
  if (beside.some((distance) => distance < -reach)) return null;
  const [west, east, north, south] = beside.map((distance, i) => distance < inward[i >> 1]);
  const held = [west, north, east, south];
  return held.includes(true) ? held : [true, true, true, true];
}

const reachOf = ({ pointerType }) => GRAB[pointerType] ?? GRAB.mouse;

// What a drag from `at` does to the box: a new one, a move, or a stretch.
function gripBox(view, at, reach) {
  const start = spotUnder(view, at);
  const held = edgesUnder(view, at, reach);
  const [left, top, width, height] = held ? view.box : [start.x, start.y, 0, 0];
  const edges = [left, top, left + width, top + height];
  const moved = held ?? [false, false, true, true];
  const whole = held && !held.includes(false);
  const [x, y, across, down] = view.parcel.region;
  return (to) => {
    const spot = spotUnder(view, to);
    let [dx, dy] = [spot.x - start.x, spot.y - start.y];
    if (whole) {
      dx = clamp(dx, x - edges[0], x + across - edges[2]);
      dy = clamp(dy, y - edges[1], y + down - edges[3]);
    }
    stretchBox(view, edges.map((edge, i) => edge + (moved[i] ? [dx, dy][i % 2] : 0)));
  };
}

function boxCursor(view, at, reach) {
  const held = boxing(view) && edgesUnder(view, at, reach);
  if (!held) return "";
  const [west, north, east, south] = held;
  if (west && east) return "move";
  if ((west && north) || (east && south)) return "nwse-resize";
  if ((east && north) || (west && south)) return "nesw-resize";
  return west || east ? "ew-resize" : "ns-resize";
}

// B starts a box at the pointed cell, the arrow keys stretch it, B again ends that.
function boxByKeys(view) {
  if (view.anchor) {
    view.anchor = null;
    return speakEvidence(view);
  }
  const [rows, columns] = view.parcel.shape;
  let cell = pointedCell(view);
  if (!isCell(cell)) cell = { column: columns >> 1, row: rows >> 1 };
  if (!boxing(view)) set(view, { evidence: "box" });
  view.anchor = cell;
  goTo(view, cell);
  stretchToCell(view);
}

function stretchToCell(view) {
  const cell = pointedCell(view);
  if (!view.anchor || !isCell(cell)) return;
  const [a, b] = [areaOf(view, view.anchor), areaOf(view, cell)];
  const far = (box, i) => box[i] + box[i + 2];
  stretchBox(view, [
    Math.min(a[0], b[0]), Math.min(a[1], b[1]),
    Math.max(far(a, 0), far(b, 0)), Math.max(far(a, 1), far(b, 1)),
  ]);
}

// ---- Counting ----

// Shares of support, opposition and area inside what was chosen, in percent of what the network
// sees; null where nothing can be counted.
function evidence(view) {
  const { parcel, box } = view;
  const map = shownMap(view);
  const inside = boxing(view) ? box : parcel.masks.get(regionName(view));
  if (!inside) return null;
  if (view.counted?.map !== map || view.counted.inside !== inside) {
    const weight = boxing(view) ? boxWeight(parcel, box) : (i) => inside[i] / 255;
    view.counted = { map, inside, shares: sharesInside(map, parcel.shape, weight) };
  }
  return view.counted.shares;
}

// How much of each cell the box covers, 0 to 1.
function boxWeight({ region, shape: [rows, columns] }, [left, top, width, height]) {
  const covers = (from, size, start, whole, count) => {
    const first = ((from - start) / whole) * count;
    const last = ((from + size - start) / whole) * count;
    return Float64Array.from({ length: count }, (_, i) =>
      Math.max(0, Math.min(i + 1, last) - Math.max(i, first)));
  };
  const across = covers(left, width, region[0], region[2], columns);
  const down = covers(top, height, region[1], region[3], rows);
  return (i, column, row) => across[column] * down[row];
}

function sharesInside(map, [rows, columns], weight) {
  const sums = { plus: 0, minus: 0, area: 0, allPlus: 0, allMinus: 0 };
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, i++) {
      const score = map.heat[i];
      const part = weight(i, column, row);
      sums.area += part;
      sums[score < 0 ? "minus" : "plus"] += part * Math.abs(score);
      sums[score < 0 ? "allMinus" : "allPlus"] += Math.abs(score);
    }
  }
  const share = (inside, all) => (all ? inside / all : null);
  return {
    plus: share(sums.plus, sums.allPlus),
    minus: share(sums.minus, sums.allMinus),
    area: sums.area / (rows * columns),
  };
}

// ---- On the picture ----

function drawEvidence(view, context) {
  if (boxing(view) && view.box) return drawBox(view, context);
  if (boxing(view) || !view.settings.evidence) return;
  const outline = outlineOf(view.parcel, regionName(view));
  if (!outline) return;
  const placed = new Path2D();
  const [left, top, width, height] = view.parcel.region;
  placed.addPath(
    outline,
    new DOMMatrix(pictureAsUnitSquare(view)).translate(left, top).scale(width, height),
  );
  context.lineCap = "square";
  strokeTwice(view, context, placed, 4, 1.75);
}

function drawBox(view, context) {
  const [left, top, width, height] = boxOf(view, view.box);
  strokeBox(view, context, [left, top, width, height], 4, 2);
  const { dots } = view.size;
  const marks = (from, size) => (size > 48 ? [0, 0.5, 1] : [0, 1]).map((at) => from + at * size);
  context.lineWidth = dots;
  context.fillStyle = "white";
  context.strokeStyle = "#16161d";
  for (const x of marks(left, width))
    for (const y of marks(top, height)) {
      if (x === left + width / 2 && y === top + height / 2) continue;
      const square = [x - 3.5, y - 3.5, 7, 7].map((side) => side * dots);
      context.fillRect(...square);
      context.strokeRect(...square);
    }
}

// Along every side between a cell that is at least half in the region and one that is not.
function outlineOf({ shape: [rows, columns], masks, outlines }, name) {
  const mask = masks.get(name);
  if (!mask || outlines.has(name)) return outlines.get(name);
  const inside = (row, column) =>
    row >= 0 && column >= 0 && row < rows && column < columns && mask[row * columns + column] > 127;
  const path = new Path2D();
  const line = (x, y, x2, y2) => {
    path.moveTo(x / columns, y / rows);
    path.lineTo(x2 / columns, y2 / rows);
  };
  for (let row = 0; row <= rows; row++)
    for (let column = 0; column <= columns; column++) {
      const here = inside(row, column);
      if (here !== inside(row - 1, column)) line(column, row, column + 1, row);
      if (here !== inside(row, column - 1)) line(column, row, column, row + 1);
    }
  outlines.set(name, path);
  return path;
}
