// ---- Drawing: the frame around it, ticks, names of stretches, and the strip ----

const GUTTER = 46; // CSS pixels for the numbers on the left
const MARGIN = 8; // and for half a number on the right
const ROOM = { letters: 16, ticks: 18, lane: 22, strip: 30, compactStrip: 16 };
const WIDEST = 44; // CSS pixels of a letter
const LEGIBLE = 7; // CSS pixels of a letter from which it is drawn as one

// `anew` is for colours that may have changed; a frame is drawn once, however often it is asked for.
function request(view, anew) {
  view.stale ||= Boolean(anew);
  cancelAnimationFrame(view.frame);
  view.frame = requestAnimationFrame(() => view.parcel && draw(view));
}

function draw(view) {
  const began = performance.now();
  measure(view);
  if (!view.size.width) return; // not on the screen; its resizing will ask again
  if (view.stale || !view.theme) dress(view);
  view.stale = false;
  const { parcel, root, size } = view;
  const context = view.plot.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, view.plot.width, view.plot.height);
  context.setTransform(size.dots, 0, 0, size.dots, 0, 0);
  const places = lettersShown(view);
  markSpot(view, context, places);
  if (parcel.kind === "map") drawMap(view, context, places);
  else drawLogo(view, context, places);
  drawGutter(view, context);
  drawTicks(view, context, places);
  drawSpans(view, context, places);
  drawStrip(view);
  root.classList.toggle("zoomed", !isWhole(view));
  const shows = parcel.kind === "map" ? "map" : places.wide >= LEGIBLE ? "letters" : "bars";
  if (root.dataset.shows !== shows) root.dataset.shows = shows;
  showRange(view);
  showReadout(view);
  if (root.dataset.ready !== "true") root.dataset.digest = parcel.digest;
  root.dataset.ready = "true";
  window.evidentLogoTimes?.push([parcel.kind, shows, performance.now() - began]); // to measure it
}

// The letters on the screen: first and after last, CSS pixels of each, and where one begins.
function lettersShown(view) {
  const { start, span } = seen(view);
  const { left, width } = view.size;
  const wide = width / span;
  const first = Math.floor(start);
  const stop = Math.min(view.parcel.length, Math.ceil(start + span));
  return { start, span, first, stop, wide, x: (at) => left + (at - start) * wide };
}

function measure(view) {
  const { parcel, plot, strip } = view;
  const dots = window.devicePixelRatio || 1;
  const all = view.root.clientWidth;
  const width = Math.max(0, Math.min(all - GUTTER - MARGIN, WIDEST * parcel.length));
  const lanes = parcel.spans.reduce((most, { lane }) => Math.max(most, lane + 1), 0);
  const row = parcel.kind === "logo" ? ROOM.letters : 0;
  const high = parcel.height + row + ROOM.ticks + lanes * ROOM.lane;
  const band = parcel.strip && parcel.length > LEAST ? (parcel.compact ? ROOM.compactStrip : ROOM.strip) : 0;
  view.size = { dots, left: GUTTER, width, plot: parcel.height, row, all, band };
  strip.hidden = !band;
  for (const [canvas, tall] of [[plot, high], [strip, band]]) {
    const [w, h] = [Math.round(all * dots), Math.round(tall * dots)];
    if (canvas.width === w && canvas.height === h) continue;
    [canvas.width, canvas.height] = [w, h];
    canvas.style.height = `${tall}px`;
    view.stale = true;
  }
}

// Colours for the page's background, light or dark.
function dress(view) {
  const style = getComputedStyle(view.root);
  const context = view.whole.getContext("2d");
  const solid = (colour) => {
    context.fillStyle = colour; // which spells every colour as #rrggbb
    return context.fillStyle;
  };
  const ground = solid(style.getPropertyValue("--st-background-color").trim() || "#ffffff");
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(ground.slice(at, at + 2), 16));
  const dark = 0.299 * r + 0.587 * g + 0.114 * b < 128;
  const inks = view.parcel.inks[dark ? "dark" : "light"];
  view.theme = { ...inks, ground, ink: solid(style.color), font: style.fontFamily };
  dressLegend(view);
  paintStrip(view);
}

const setFont = (context, { theme }, size, weight = "") =>
  (context.font = `${weight} ${size}px ${theme.font}`);

function markSpot(view, context, { wide, x }) {
  const { spot, theme, size } = view;
  if (!spot) return;
  const middle = x(spot.at + 0.5);
  const across = Math.max(wide, 3);
  if (middle + across < size.left || middle - across > size.left + size.width) return;
  context.fillStyle = theme.ink;
  context.globalAlpha = 0.16;
  context.fillRect(middle - across / 2, 0, across, size.plot + size.row);
  context.globalAlpha = 1;
}

// The scale's numbers beside a logo, the rows' letters beside a map.
function drawGutter(view, context) {
  const { parcel, theme, size } = view;
  context.textAlign = "right";
  context.textBaseline = "middle";
  if (parcel.kind === "map") {
    setFont(context, view, 13, 700);
    [..."ACGT"].forEach((letter, row) => {
      context.fillStyle = theme.letters[row];
      context.fillText(letter, GUTTER - 8, ((row + 0.5) * size.plot) / 4);
    });
    return;
  }
  setFont(context, view, 11);
  context.fillStyle = theme.ink;
  const { top, bottom, peak, signed } = parcel;
  const zero = (size.plot * top) / (top + bottom);
  const say = (share, y) => {
    context.fillText(figure(share * peak, signed, 2), GUTTER - 6, clamp(y, 6, size.plot - 6));
    context.fillRect(GUTTER - 4, clamp(Math.round(y), 0, size.plot - 1), 4, 1);
  };
  say(0, zero);
  if (zero > 15) say(top, 0);
  if (size.plot - zero > 15) say(-bottom, size.plot);
}

// Round positions, counted from 1, so far apart that their numbers have room.
function drawTicks(view, context, { start, span, wide, x }) {
  const { theme, size, parcel: { before } } = view;
  const y = size.plot + size.row;
  context.fillStyle = theme.ink;
  context.globalAlpha = 0.35;
  context.fillRect(size.left, y, size.width, 1);
  context.globalAlpha = 1;
  setFont(context, view, 11);
  context.textBaseline = "top";
  context.textAlign = "center";
  let step = 1;
  for (let i = 0; step * wide < 76; i++) step = [1, 2, 5][i % 3] * 10 ** Math.floor(i / 3);
  const [low, high] = [before + start + 0.5, before + start + span + 0.5];
  for (let name = Math.ceil(low / step) * step; name <= high; name += step) {
    if (name < 1) continue;
    const middle = x(name - before - 0.5);
    const half = context.measureText(count(name)).width / 2;
    context.fillRect(Math.round(middle), y, 1, 4);
    context.fillText(count(name), Math.min(middle, size.all - half), y + 6);
  }
}

// Known stretches as brackets under the axis, each with as much of its name as has room.
function drawSpans(view, context, { x }) {
  const { parcel, theme, size } = view;
  const [west, east] = [size.left, size.left + size.width];
  const top = size.plot + size.row + ROOM.ticks;
  const ends = new Map(); // how far each lane is written on
  setFont(context, view, 12);
  context.textBaseline = "top";
  context.textAlign = "center";
  context.strokeStyle = context.fillStyle = theme.ink;
  context.lineWidth = 1.5;
  for (const { start, stop, name, lane, next } of parcel.spans) {
    const y = top + lane * ROOM.lane;
    const [from, to] = [Math.max(west, x(start) + 0.5), Math.min(east, x(stop) - 0.5)];
    if (to < west || from > east) continue;
    context.beginPath();
    if (x(start) >= west) context.moveTo(from, y);
    else context.moveTo(from, y + 4);
    context.lineTo(from, y + 4);
    context.lineTo(Math.max(to, from + 1), y + 4);
    if (x(stop) <= east) context.lineTo(Math.max(to, from + 1), y);
    context.stroke();
    const free = [ends.get(lane) ?? 0, Math.min(size.all, x(next) - 4)];
    const middle = clamp((from + to) / 2, free[0], free[1]);
    const text = fitted(context, name, free[1] - free[0]);
    if (!text) continue;
    const half = context.measureText(text).width / 2;
    const centre = clamp(middle, free[0] + half, free[1] - half);
    context.fillText(text, centre, y + 7);
    ends.set(lane, Math.max(centre + half, to) + 6);
  }
}

function fitted(context, name, room) {
  if (room < 12) return "";
  if (context.measureText(name).width <= room) return name;
  for (let keep = Math.min(name.length - 1, 40); keep > 1; keep--) {
    const text = `${name.slice(0, keep).trimEnd()}…`;
    if (context.measureText(text).width <= room) return text;
  }
  return "";
}
