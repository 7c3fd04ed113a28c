// ---- Where things are: on the canvas in CSS pixels, on the picture in fractions ----

const isCell = (cell) => typeof cell === "object" && cell !== null;

// The box on the canvas of a box in fractions of the picture.
function boxOf({ size, sight }, [left, top, width, height]) {
  const across = size.width * sight.zoom;
  const down = size.height * sight.zoom;
  const x = size.width / 2 + (left - sight.x) * across;
  const y = size.height / 2 + (top - sight.y) * down;
  return [x, y, width * across, height * down];
}

function spotUnder({ size, sight }, [x, y]) {
  return {
    x: sight.x + (x - size.width / 2) / (size.width * sight.zoom),
    y: sight.y + (y - size.height / 2) / (size.height * sight.zoom),
  };
}

// The cell that holds the spot, "outside" the network's sight, or nothing pointed at.
function pointedCell({ parcel, spot }) {
  if (!spot || !parcel) return null;
  const { region: [left, top, width, height], shape: [rows, columns] } = parcel;
  const column = Math.floor(((spot.x - left) / width) * columns);
  const row = Math.floor(((spot.y - top) / height) * rows);
  const inside = column >= 0 && row >= 0 && column < columns && row < rows;
  return inside ? { column, row } : "outside";
}

// The cell as a box in fractions of the picture.
function areaOf({ parcel }, { column, row }) {
  const { region: [left, top, width, height], shape: [rows, columns] } = parcel;
  const cell = [width / columns, height / rows];
  return [left + column * cell[0], top + row * cell[1], ...cell];
}

function spotOf(view, cell) {
  const [left, top, width, height] = areaOf(view, cell);
  return { x: left + width / 2, y: top + height / 2 };
}

function keepInside(sight) {
  sight.zoom = clamp(sight.zoom, 1, MAX_ZOOM);
  const half = 0.5 / sight.zoom;
  sight.x = clamp(sight.x, half, 1 - half);
  sight.y = clamp(sight.y, half, 1 - half);
}

// ---- Looking around ----

const MAX_ZOOM = 40;

function point(view, spot) {
  if (!view.parcel || (spot?.x === view.spot?.x && spot?.y === view.spot?.y)) return;
  const before = JSON.stringify(pointedCell(view));
  view.spot = spot;
  tell(view, { spot });
  request(view);
  if (before !== JSON.stringify(pointedCell(view))) speak(view);
}

function look(view, sight) {
  Object.assign(view.sight, sight);
  keepInside(view.sight);
  tell(view, { sight: view.sight });
  request(view);
}

// Zooms by a factor and keeps what lies at the fractions (x, y) of the canvas where it is.
function zoomAt(view, factor, x = 0.5, y = 0.5) {
  const { sight } = view;
  const zoom = clamp(sight.zoom * factor, 1, MAX_ZOOM);
  const shift = 1 / sight.zoom - 1 / zoom;
  look(view, { zoom, x: sight.x + (x - 0.5) * shift, y: sight.y + (y - 0.5) * shift });
}

function zoomAtCell(view, factor) {
  const cell = pointedCell(view);
  if (!isCell(cell)) return zoomAt(view, factor);
  const { x, y } = spotOf(view, cell);
  const { sight } = view;
  zoomAt(view, factor, 0.5 + (x - sight.x) * sight.zoom, 0.5 + (y - sight.y) * sight.zoom);
}

// Points at a cell and moves the sight just so far that it is on the screen.
function goTo(view, cell) {
  point(view, spotOf(view, cell));
  const [left, top, width, height] = boxOf(view, areaOf(view, cell));
  const { size, sight } = view;
  const past = (from, to, end) => Math.min(0, from) + Math.max(0, to - end);
  const x = sight.x + past(left, left + width, size.width) / (size.width * sight.zoom);
  const y = sight.y + past(top, top + height, size.height) / (size.height * sight.zoom);
  if (x !== sight.x || y !== sight.y) look(view, { x, y });
}
