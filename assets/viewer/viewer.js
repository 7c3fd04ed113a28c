// Draws a picture with its attribution map, and lets it be explored without asking the server.

const EVENT = "evident-viewer";
const MAX_ZOOM = 40;
const DEFAULTS = {
  mode: "overlay", opacity: 0.85, range: "all", top: 10, smooth: null, grey: true,
};
const VIEWS = new WeakMap();

// Called on every rerun with the same parentElement: the view, and with it the visitor's settings,
// stays; only the last call's cleanup takes it down.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".viewer");
  let view = VIEWS.get(parentElement);
  if (!view || view.root !== root || view.ended.signal.aborted) {
    if (view) end(view);
    view = begin(root, view);
    VIEWS.set(parentElement, view);
  }
  const call = ++view.calls;
  receive(view, data, call);
  return () => call === view.calls && end(view);
}

function begin(root, former) {
  const view = {
    root,
    canvas: root.querySelector("canvas"),
    settings: former?.settings ?? { ...DEFAULTS },
    sight: former?.sight ?? { zoom: 1, x: 0.5, y: 0.5 }, // centre, in fractions of the picture
    size: { width: 0, height: 0 },
    cell: null, // {column, row}, "outside" the network's sight, or nothing pointed at
    parcel: null,
    photo: null,
    painted: document.createElement("canvas"),
    calls: 0,
    ended: new AbortController(),
  };
  const resize = new ResizeObserver(() => request(view));
  resize.observe(root);
  view.ended.signal.addEventListener("abort", () => resize.disconnect());
  listenToControls(view);
  listenToPointer(view);
  listenToKeys(view);
  on(view, window, EVENT, (event) => follow(view, event.detail));
  return view;
}

function end(view) {
  view.ended.abort();
  cancelAnimationFrame(view.frame);
  clearTimeout(view.speaking);
  view.photo?.close();
  view.photo = null;
}

const on = (view, target, type, listener, options) =>
  target.addEventListener(type, listener, { signal: view.ended.signal, ...options });
const part = (view, name) => view.root.querySelector(`[data-part="${name}"]`);
const control = (view, name) => view.root.querySelector(`[name="${name}"]`);
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

// ---- What arrives ----

function unpack(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  let at = 4;
  const take = (count) => bytes.slice(at, (at += count)); // a copy, aligned for numbers
  const text = new TextDecoder().decode(take(length));
  const header = JSON.parse(text);
  const colours = take(header.colours);
  const heat = new Float32Array(take(4 * header.shape[0] * header.shape[1]).buffer);
  const file = new Blob([bytes.slice(at)], { type: header.mime });
  return { ...header, text, colours, heat, file };
}

async function receive(view, bytes, call) {
  const parcel = unpack(bytes);
  view.wanted = parcel.text;
  if (view.parcel?.text === parcel.text) return request(view); // a rerun, or another theme
  view.root.dataset.ready = "false";
  delete view.root.dataset.digest;
  const photo = await createImageBitmap(parcel.file).catch(() => null);
  if (call !== view.calls || view.ended.signal.aborted) return photo?.close();
  view.photo?.close();
  Object.assign(view, { photo, parcel, sorted: null });
  if (!isCell(view.cell) || !onMap(parcel, view.cell)) view.cell = null;
  if (!parcel.signed && view.settings.range !== "top") view.settings.range = "all"; // no sides
  view.canvas.setAttribute("aria-label", parcel.alt);
  showMessage(view);
  showLegend(view);
  repaint(view);
}

// Strengths in order, for ranks: sorted when first asked for, not before the first drawing.
function strengths(view) {
  view.sorted ??= view.parcel.heat.map(Math.abs).sort();
  return view.sorted;
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

// ---- Drawing ----

// Colours the map once per setting, one dot a score; opacity and zoom only place the result.
function repaint(view) {
  const { parcel, settings, painted } = view;
  const [rows, columns] = parcel.shape;
  const colours = new Uint32Array(parcel.colours.slice().buffer);
  if (settings.mode === "heat") for (let i = 0; i < colours.length; i++) colours[i] |= 0xff000000;
  const zero = parcel.signed ? parcel.steps : 0;
  const gain = (parcel.steps * parcel.peak) / parcel.limit;
  const [least, most, floor] = shownScores(view);
  const dots = new Uint32Array(rows * columns);
  for (let i = 0; i < dots.length; i++) {
    const score = parcel.heat[i];
    const strength = Math.abs(score);
    const shown = score >= least && score <= most && strength >= floor;
    const step = shown ? Math.min(parcel.steps, Math.floor(strength * gain + 0.5)) : 0;
    dots[i] = colours[score < 0 ? zero - step : zero + step];
  }
  painted.width = columns;
  painted.height = rows;
  const pixels = new ImageData(new Uint8ClampedArray(dots.buffer), columns, rows);
  painted.getContext("2d").putImageData(pixels, 0, 0);
  syncControls(view);
  request(view);
}

// The lowest and highest score and the least strength that the chosen range leaves on the map.
function shownScores(view) {
  const { range, top } = view.settings;
  if (range === "supports") return [0, Infinity, 0];
  if (range === "opposes") return [-Infinity, 0, 0];
  if (range !== "top") return [-Infinity, Infinity, 0];
  const sorted = strengths(view);
  return [-Infinity, Infinity, sorted[sorted.length - Math.ceil((top / 100) * sorted.length)]];
}

function request(view) {
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
  if (isCell(view.cell)) strokeCell(view, context);
  showReadout(view);
  control(view, "reset").textContent = `${Math.round(sight.zoom * 100)} %`;
  control(view, "smooth").checked = smoothed(view);
  canvas.classList.toggle("zoomed", sight.zoom > 1);
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
  const shape = photo.width / photo.height;
  const width = Math.max(1, Math.min(root.clientWidth, parcel.maxHeight * shape));
  const height = width / shape;
  const dots = window.devicePixelRatio || 1;
  if (size.width === width && size.height === height && size.dots === dots) return;
  Object.assign(size, { width, height, dots });
  root.style.setProperty("--wide", `${Math.max(width, 704)}px`);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * dots);
  canvas.height = Math.round(height * dots);
}

function drawPhoto(view, context) {
  const { photo, size, sight, settings, parcel } = view;
  context.imageSmoothingQuality = "high";
  context.imageSmoothingEnabled = (size.width * sight.zoom) / photo.width < 6;
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
  context.drawImage(painted, ...parcel.region);
  context.globalAlpha = 1;
}

// True cells where the map is coarse enough to see them, unless the visitor chose; but cells
// smaller than a dot are always averaged, for skipping some would change the picture.
function smoothed({ size, sight, parcel, settings }) {
  const cell = (size.width * parcel.region[2]) / parcel.shape[1];
  return cell * sight.zoom * size.dots < 1 || (settings.smooth ?? cell < 4);
}

function strokeCell(view, context) {
  const [left, top, width, height] = cellBox(view, view.cell);
  const margin = Math.max(0, (9 - width) / 2, (9 - height) / 2); // findable, however small
  const box = [left - margin, top - margin, width + 2 * margin, height + 2 * margin];
  strokeBox(view, context, box, 4, 2);
}

// Dark on light, to be seen on any picture.
function strokeBox(view, context, box, halo, line) {
  const { dots } = view.size;
  for (const [thickness, colour] of [[halo, "rgba(255, 255, 255, 0.9)"], [line, "#16161d"]]) {
    context.lineWidth = thickness * dots;
    context.strokeStyle = colour;
    context.strokeRect(...box.map((side) => side * dots));
  }
}

// ---- Where things are, in CSS pixels of the canvas ----

const isCell = (cell) => typeof cell === "object" && cell !== null;
const onMap = ({ shape }, { column, row }) => row < shape[0] && column < shape[1];

// The box on the canvas of a box in fractions of the picture.
function boxOf({ size, sight }, [left, top, width, height]) {
  const across = size.width * sight.zoom;
  const down = size.height * sight.zoom;
  const x = size.width / 2 + (left - sight.x) * across;
  const y = size.height / 2 + (top - sight.y) * down;
  return [x, y, width * across, height * down];
}

function cellBox(view, { column, row }) {
  const { region: [left, top, width, height], shape: [rows, columns] } = view.parcel;
  const cell = [width / columns, height / rows];
  return boxOf(view, [left + column * cell[0], top + row * cell[1], ...cell]);
}

function cellUnder({ parcel, size, sight }, x, y) {
  const [left, top, width, height] = parcel.region;
  const across = sight.x + (x - size.width / 2) / (size.width * sight.zoom);
  const down = sight.y + (y - size.height / 2) / (size.height * sight.zoom);
  const column = Math.floor(((across - left) / width) * parcel.shape[1]);
  const row = Math.floor(((down - top) / height) * parcel.shape[0]);
  return column >= 0 && row >= 0 && onMap(parcel, { column, row }) ? { column, row } : "outside";
}

function keepInside(sight) {
  sight.zoom = clamp(sight.zoom, 1, MAX_ZOOM);
  const half = 0.5 / sight.zoom;
  sight.x = clamp(sight.x, half, 1 - half);
  sight.y = clamp(sight.y, half, 1 - half);
}

// ---- Looking around ----

function point(view, cell) {
  const same = JSON.stringify(cell) === JSON.stringify(view.cell);
  if (same || !view.parcel) return;
  view.cell = cell;
  tell(view, { kind: "cell", cell });
  request(view);
  speak(view);
}

function look(view, sight) {
  if (!view.parcel) return;
  Object.assign(view.sight, sight);
  keepInside(view.sight);
  tell(view, { kind: "zoom", sight: { ...view.sight } });
  request(view);
}

// Zooms by a factor and keeps what lies at (x, y) of the canvas where it is.
function zoomAt(view, factor, x = view.size.width / 2, y = view.size.height / 2) {
  const { sight, size } = view;
  const zoom = clamp(sight.zoom * factor, 1, MAX_ZOOM);
  const shift = 1 / sight.zoom - 1 / zoom;
  look(view, {
    zoom,
    x: sight.x + (x / size.width - 0.5) * shift,
    y: sight.y + (y / size.height - 0.5) * shift,
  });
}

function zoomAtCell(view, factor) {
  if (!isCell(view.cell)) return zoomAt(view, factor);
  const [left, top, width, height] = cellBox(view, view.cell);
  zoomAt(view, factor, left + width / 2, top + height / 2);
}

// Moves the sight just so far that the cell is on the screen.
function reveal(view) {
  const [left, top, width, height] = cellBox(view, view.cell);
  const { size, sight } = view;
  const past = (from, to, end) => Math.min(0, from) + Math.max(0, to - end);
  const x = sight.x + past(left, left + width, size.width) / (size.width * sight.zoom);
  const y = sight.y + past(top, top + height, size.height) / (size.height * sight.zoom);
  if (x !== sight.x || y !== sight.y) look(view, { x, y });
}

function tell(view, news) {
  const { group, shape } = view.parcel;
  if (!group) return;
  const detail = { group, shape: shape.join(), from: view.root, ...news };
  window.dispatchEvent(new CustomEvent(EVENT, { detail }));
}

function follow(view, { group, shape, from, kind, cell, sight }) {
  const { parcel } = view;
  if (!parcel || from === view.root) return;
  if (group !== parcel.group || shape !== parcel.shape.join()) return;
  if (kind === "cell") view.cell = cell;
  if (kind === "zoom") Object.assign(view.sight, sight);
  request(view);
}

// ---- Hands ----

function listenToPointer(view) {
  const { canvas } = view;
  let grip = null;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const pointTo = (event) => view.parcel && point(view, cellUnder(view, ...place(event)));
  on(view, canvas, "pointerdown", (event) => {
    if (view.sight.zoom > 1 && event.button === 0) {
      grip = { at: place(event), x: view.sight.x, y: view.sight.y };
      canvas.setPointerCapture(event.pointerId);
    }
    pointTo(event);
  });
  on(view, canvas, "pointermove", (event) => {
    if (!grip) return pointTo(event);
    const [x, y] = place(event);
    const { size, sight } = view;
    look(view, {
      x: grip.x - (x - grip.at[0]) / (size.width * sight.zoom),
      y: grip.y - (y - grip.at[1]) / (size.height * sight.zoom),
    });
  });
  for (const type of ["pointerup", "pointercancel"]) on(view, canvas, type, () => (grip = null));
  // A finger that lifts also leaves; what it touched stays readable.
  on(view, canvas, "pointerleave", (event) => event.pointerType === "mouse" && point(view, null));
  on(view, canvas, "wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // else the page scrolls
    event.preventDefault();
    zoomAt(view, Math.exp(-clamp(event.deltaY, -120, 120) / 300), ...place(event));
  }, { passive: false });
}

function listenToKeys(view) {
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const others = {
    "+": () => zoomAtCell(view, 1.5),
    "=": () => zoomAtCell(view, 1.5),
    "-": () => zoomAtCell(view, 1 / 1.5),
    0: () => look(view, { zoom: 1 }),
    Home: () => goTo(view, strongest(view.parcel)),
    Escape: () => point(view, null),
  };
  on(view, view.canvas, "keydown", (event) => {
    if (!view.parcel || event.ctrlKey || event.metaKey || event.altKey) return;
    const { key, shiftKey } = event;
    if (moves[key]) step(view, moves[key], shiftKey);
    else if (Object.hasOwn(others, key)) others[key]();
    else return;
    event.preventDefault();
  });
  on(view, view.canvas, "blur", () => point(view, null));
}

function step(view, [right, down], far) {
  const [rows, columns] = view.parcel.shape;
  const stride = (side) => (far ? Math.max(1, Math.round(side / 10 / view.sight.zoom)) : 1);
  if (!isCell(view.cell)) return goTo(view, { column: columns >> 1, row: rows >> 1 });
  const column = clamp(view.cell.column + right * stride(columns), 0, columns - 1);
  const row = clamp(view.cell.row + down * stride(rows), 0, rows - 1);
  goTo(view, { column, row });
}

function goTo(view, cell) {
  point(view, cell);
  reveal(view);
}

function strongest({ heat, shape }) {
  let best = 0;
  for (let i = 1; i < heat.length; i++) if (Math.abs(heat[i]) > Math.abs(heat[best])) best = i;
  return { column: best % shape[1], row: Math.floor(best / shape[1]) };
}

// ---- Controls ----

function listenToControls(view) {
  const { root, settings } = view;
  on(view, root, "input", ({ target }) => {
    if (target.name === "opacity") settings.opacity = target.value / 100;
    else if (target.name === "top") settings.top = Number(target.value);
    else if (target.type === "checkbox") settings[target.name] = target.checked;
    else settings[target.name] = target.value; // mode, range
    if (!view.parcel) return;
    if (target.name === "opacity") request(view);
    else repaint(view);
  });
  on(view, control(view, "in"), "click", () => zoomAt(view, 1.5));
  on(view, control(view, "out"), "click", () => zoomAt(view, 1 / 1.5));
  on(view, control(view, "reset"), "click", () => look(view, { zoom: 1 }));
}

function syncControls(view) {
  const { root, settings, parcel } = view;
  root.querySelector(`[name="mode"][value="${settings.mode}"]`).checked = true;
  root.dataset.mode = settings.mode;
  control(view, "opacity").value = Math.round(settings.opacity * 100);
  control(view, "opacity").disabled = settings.mode !== "overlay";
  control(view, "range").value = settings.range;
  for (const option of control(view, "range").options)
    option.hidden = option.disabled = !parcel.signed && /supports|opposes/.test(option.value);
  control(view, "top").value = settings.top;
  part(view, "top").hidden = settings.range !== "top";
  part(view, "share").textContent = `${settings.top} %`;
  control(view, "grey").checked = settings.grey;
  for (const name of ["range", "top", "smooth", "grey"])
    control(view, name).disabled = settings.mode === "picture";
}

// ---- Words and numbers ----

function showMessage(view) {
  const message = view.root.querySelector(".message");
  const { peak } = view.parcel;
  for (const name of ["canvas", ".bar", ".foot"])
    view.root.querySelector(name).hidden = !view.photo;
  message.hidden = view.photo !== null && peak > 0;
  message.textContent = !view.photo
    ? "This picture could not be read. Use a PNG, JPEG or WebP file."
    : peak > 0 ? "" : "Every score is zero: nothing in this picture supports or opposes.";
}

function showLegend(view) {
  const { parcel, root } = view;
  const { colours, signed, limit, peak, method } = parcel;
  const stops = [];
  for (let i = 0; i < colours.length; i += 4 * 15)
    stops.push(`rgb(${colours.slice(i, i + 3).join()})`);
  root.querySelector(".ramp").style.background = `linear-gradient(to right, ${stops.join()})`;
  const beyond = peak > limit;
  const low = signed ? (beyond ? "≤ " : "") + number(-limit, true) : "0";
  const high = (beyond ? "≥ " : "") + number(limit, signed);
  write(part(view, "ticks"), [low, signed ? "0" : number(limit / 2, false), high]);
  const words = signed ? ["opposes", method, "supports"] : ["strength, no sign", "", method];
  write(part(view, "words"), words);
}

function write(row, texts) {
  texts.forEach((text, i) => (row.children[i].textContent = text));
}

// Three significant digits, with a true minus sign.
function number(value, signed) {
  const size = Math.abs(value);
  const short = size.toPrecision(3);
  const text = size >= 1000 && size < 1e6 ? String(Number(short)) : short; // not 1.23e+4
  const sign = value < 0 ? "−" : signed && value > 0 ? "+" : "";
  return sign + text.replace("e-", "e−").replace("e+", "e");
}

function reading(view) {
  const { cell, parcel } = view;
  if (cell === "outside") return ["Not seen by the network", ""];
  if (!isCell(cell)) return ["", "Point at the picture to read a score."];
  const share = parcel.heat[cell.row * parcel.shape[1] + cell.column];
  const place = `column ${cell.column}, row ${cell.row}`;
  if (share === 0) return ["0", `no contribution · ${place}`];
  const word = parcel.signed ? (share > 0 ? " supports" : " opposes") : "";
  return [number(share * parcel.peak, parcel.signed) + word, `${rank(view, share)} · ${place}`];
}

function rank(view, share) {
  const sorted = strengths(view);
  const below = countBelow(sorted, Math.abs(share));
  const unit = Math.max(...view.parcel.shape) < 64 ? "cells" : "pixels";
  if (Math.abs(share) === sorted[sorted.length - 1]) return `the strongest of all ${unit}`;
  return `stronger than ${Math.floor((100 * below) / sorted.length)} % of the ${unit}`;
}

function showReadout(view) {
  const [value, place] = reading(view);
  part(view, "value").textContent = value;
  part(view, "place").textContent = place;
}

// Says the reading once the pointer or the keys rest, so that a screen reader can follow.
function speak(view) {
  clearTimeout(view.speaking);
  view.speaking = setTimeout(() => {
    const words = view.cell ? reading(view).filter(Boolean).join(", ") : "";
    view.root.querySelector("[aria-live]").textContent = words;
  }, 350);
}
