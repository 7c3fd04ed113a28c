// ---- Asking about one place of the answer, and the mark where it was asked ----

const canAsk = (view) => Boolean(view.parcel?.asks) && !canEnlarge(view);

// Sends the row and column of the answer's grid under the spot, if the network sees it.
function ask(view, spot) {
  if (!spot || !canAsk(view)) return;
  const { region: [left, top, width, height], grid: [rows, columns] } = view.parcel;
  const column = Math.floor(((spot.x - left) / width) * columns);
  const row = Math.floor(((spot.y - top) / height) * rows);
  if (row < 0 || column < 0 || row >= rows || column >= columns) return;
  view.choose([row, column]);
}

// A ring with four ticks around the place, to be found on any picture and at any zoom.
function drawPlace(view, context) {
  const { region: [left, top, width, height], grid, place } = view.parcel;
  if (!place) return;
  const cell = [width / grid[1], height / grid[0]];
  const area = [left + place[1] * cell[0], top + place[0] * cell[1], ...cell];
  const [x, y, across, down] = boxOf(view, area);
  const { dots } = view.size;
  const [cx, cy] = [(x + across / 2) * dots, (y + down / 2) * dots];
  const radius = Math.max(8, Math.hypot(across, down) / 2 + 2) * dots;
  const path = new Path2D();
  path.arc(cx, cy, radius, 0, 2 * Math.PI);
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    path.moveTo(cx + dx * radius, cy + dy * radius);
    path.lineTo(cx + dx * (radius + 7 * dots), cy + dy * (radius + 7 * dots));
  }
  strokeTwice(view, context, path, 4.5, 2);
}
