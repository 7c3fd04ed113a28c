// ---- Drawing ----

// After any setting: colours the map again only if the setting changes colours.
function refresh(view) {
  const { settings, parcel } = view;
  if (parcel?.maps) {
    const range = effectiveRange(view);
    const as = [view.side, settings.mode === "heat", range, range === "top" && settings.top].join();
    if (as !== view.paintedAs) paint(view);
    view.paintedAs = as;
  }
  syncControls(view);
  request(view);
}

// Colours the map, one dot a score; opacity and zoom only place the result.
function paint(view) {
  const { parcel, settings, painted } = view;
  const [rows, columns] = parcel.shape;
  const map = shownMap(view);
  const colours = new Uint32Array(map.colours.slice().buffer);
  if (settings.mode === "heat") for (let i = 0; i < colours.length; i++) colours[i] |= 0xff000000;
  const zero = map.signed ? parcel.steps : 0;
  const gain = (parcel.steps * map.peak) / map.limit;
  const [least, most, floor] = shownScores(view);
  const dots = new Uint32Array(rows * columns);
  for (let i = 0; i < dots.length; i++) {
    const score = map.heat[i];
    const strength = Math.abs(score);
    const shown = score >= least && score <= most && strength >= floor;
    const step = shown ? Math.min(parcel.steps, Math.floor(strength * gain + 0.5)) : 0;
    dots[i] = colours[score < 0 ? zero - step : zero + step];
  }
  painted.width = columns;
  painted.height = rows;
  const pixels = new ImageData(new Uint8ClampedArray(dots.buffer), columns, rows);
  painted.getContext("2d").putImageData(pixels, 0, 0);
}

function request(view) {
  if (!view.canvas) return showZoom(view);
  if (view.ended.signal.aborted || !view.photo) return;
  cancelAnimationFrame(view.frame);
  view.frame = requestAnimationFrame(() => draw(view));
}

function draw(view) {
  const { parcel, canvas, root, settings, sight } = view;
  measure(view);
  keepInside(sight);
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(...pictureAsUnitSquare(view));
  drawPhoto(view, context);
  if (settings.mode !== "picture") drawMap(view, context);
  context.setTransform(1, 0, 0, 1, 0, 0);
  if (!seenWhole(parcel)) strokeBox(view, context, boxOf(view, parcel.region), 2.5, 1);
  drawEvidence(view, context);
  drawPlace(view, context);
  const cell = pointedCell(view);
  if (isCell(cell)) strokeCell(view, context, cell);
  showReadout(view);
  showZoom(view);
  control(view, "smooth").checked = smoothed(view);
  canvas.classList.toggle("zoomed", sight.zoom > 1);
  canvas.classList.toggle("boxing", boxing(view));
  canvas.classList.toggle("asking", canAsk(view));
  root.dataset.digest = parcel.digest;
  root.dataset.ready = String(view.wanted === parcel.text);
}

function pictureAsUnitSquare({ canvas, sight }) {
  const across = canvas.width * sight.zoom;
  const down = canvas.height * sight.zoom;
  const left = canvas.width / 2 - sight.x * across;
  return [across, 0, 0, down, left, canvas.height / 2 - sight.y * down];
}

// The canvas has the picture's own shape, in as many dots as the screen has.
function measure(view) {
  const { canvas, photo, parcel, root, size } = view;
  const stage = root.querySelector(".stage");
  const shape = photo.width / photo.height;
  const left = parcel.around ? window.innerHeight - parcel.around : 0;
  const least = Math.max(parcel.maxHeight, left);
  const most = isLarge(view) ? stage.clientHeight : least;
  const width = Math.max(1, Math.min(stage.clientWidth, most * shape));
  const height = width / shape;
  const dots = window.devicePixelRatio || 1;
  if (size.width === width && size.height === height && size.dots === dots) return;
  Object.assign(size, { width, height, dots });
  root.style.setProperty("--wide", `${Math.max(width, parcel.compact ? 240 : 832)}px`);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * dots);
  canvas.height = Math.round(height * dots);
}

function drawPhoto(view, context) {
  const { photo, size, sight, settings, parcel } = view;
  context.imageSmoothingQuality = "high";
  // Few pixels are blocks in which nobody reads a digit; of more, each is shown as it is.
  const few = Math.max(photo.width, photo.height) <= FEW_PIXELS;
  context.imageSmoothingEnabled = few || (size.width * sight.zoom) / photo.width < 6;
  context.drawImage(photo, 0, 0, 1, 1);
  if (settings.grey && settings.mode !== "picture") drainColour(context);
  if (!seenWhole(parcel)) dimUnseen(view, context);
}

// A red sign looks like support: without its colours, the only colours are the map's.
function drainColour(context) {
  context.globalCompositeOperation = "saturation";
  context.fillStyle = "grey";
  context.fillRect(0, 0, 1, 1);
  context.globalCompositeOperation = "source-over";
}

const seenWhole = ({ region }) => region[2] > 0.999 && region[3] > 0.999;

function dimUnseen(view, context) {
  const ground = getComputedStyle(view.root).getPropertyValue("--st-background-color") || "white";
  context.globalAlpha = 0.62;
  context.fillStyle = ground;
  context.beginPath();
  context.rect(0, 0, 1, 1);
  context.rect(...view.parcel.region);
  context.fill("evenodd");
  context.globalAlpha = 1;
}

function drawMap(view, context) {
  const { settings, parcel, painted } = view;
  context.globalAlpha = settings.mode === "overlay" ? settings.opacity : 1;
  context.imageSmoothingEnabled = smoothed(view);
  if (seenBetween(view)) drawTiles(view, context);
  else context.drawImage(painted, ...parcel.region);
  context.globalAlpha = 1;
}

const FEW_PIXELS = 32;
const TILE = 0.62; // of a cell's side

// Where every pixel of a small picture has a cell of its own, colours on all of it would hide it.
function seenBetween(view) {
  const { photo, parcel, settings } = view;
  const few = Math.max(photo.width, photo.height) <= FEW_PIXELS;
  return few && settings.mode === "overlay" && !smoothed(view) && parcel.shape[1] <= FEW_PIXELS;
}

function drawTiles({ parcel, painted }, context) {
  const [left, top, width, height] = parcel.region;
  const [rows, columns] = parcel.shape;
  const [across, down] = [width / columns, height / rows];
  const [wide, high] = [TILE * across, TILE * down];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const x = left + column * across + (across - wide) / 2;
      const y = top + row * down + (down - high) / 2;
      context.drawImage(painted, column, row, 1, 1, x, y, wide, high);
    }
}

// True cells where the map is coarse enough to see them, unless the visitor chose; but cells
// smaller than a dot are always averaged, for skipping some would change the picture.
function smoothed({ size, sight, parcel, settings }) {
  const cell = (size.width * parcel.region[2]) / parcel.shape[1];
  return cell * sight.zoom * size.dots < 1 || (settings.smooth ?? cell < 4);
}

function strokeCell(view, context, cell) {
  const [left, top, width, height] = boxOf(view, areaOf(view, cell));
  const margin = Math.max(0, (9 - width) / 2, (9 - height) / 2); // findable, however small
  const box = [left - margin, top - margin, width + 2 * margin, height + 2 * margin];
  strokeBox(view, context, box, 4, 2);
}

function strokeBox(view, context, box, halo, line) {
  const path = new Path2D();
  path.rect(...box.map((side) => side * view.size.dots));
  strokeTwice(view, context, path, halo, line);
}

// Dark on light, to be seen on any picture.
function strokeTwice(view, context, path, halo, line) {
  for (const [thickness, colour] of [[halo, "rgba(255, 255, 255, 0.9)"], [line, "#16161d"]]) {
    context.lineWidth = thickness * view.size.dots;
    context.strokeStyle = colour;
    context.stroke(path);
  }
}
