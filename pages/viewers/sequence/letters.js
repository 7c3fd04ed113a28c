// ---- A logo: letters as tall as their contribution, or bars where there are too many ----

// Shapes in a box of 100 by 100, so that a letter fills its height exactly, whatever the fonts.
const SHAPES = [
  "M0 100L35 0H65L100 100H77L70.7 79H29.3L23 100ZM50 20L64.5 60H35.5Z",
  "M97 19A54 50 0 1 0 97 81L79 69A32 29 0 1 1 79 31Z",
  "M97 19A54 50 0 1 0 98 80V45H56V62H77V70A32 29 0 1 1 79 31Z",
  "M0 0H100V20H61V100H39V20H0Z",
  "M0 100V0H24L77 66V0H100V100H76L23 34V100Z",
].map((shape) => new Path2D(shape));

// What stands for several letters is as grey as N.
const ink = (theme, letter) => theme.letters[Math.min(letter, 4)];

const SHORTEST = 2.5; // CSS pixels below which a letter is a bar of its colour

function drawLogo(view, context, places) {
  const { parcel, size, theme } = view;
  const zero = (size.plot * parcel.top) / (parcel.top + parcel.bottom);
  const scale = size.plot / (parcel.top + parcel.bottom);
  context.save();
  context.beginPath();
  context.rect(size.left, 0, size.width, size.plot + size.row);
  context.clip();
  if (places.wide >= LEGIBLE) drawLetters(view, context, places, zero, scale);
  else drawBars(view, context, places, zero, scale);
  context.fillStyle = theme.ink;
  context.fillRect(size.left, Math.round(zero) - 0.5, size.width, 1);
  context.restore();
}

function drawBars(view, context, { start, span, first, stop, wide, x }, zero, scale) {
  const { parcel, size, theme } = view;
  const { dots } = size;
  const [supports, opposes, beyond] = [new Path2D(), new Path2D(), new Path2D()];
  const bar = (left, across, up, down) => {
    if (up > 0) supports.rect(left, zero, across, -Math.max(0.75, up * scale));
    if (down < 0) opposes.rect(left, zero, across, Math.max(0.75, -down * scale));
    if (up > parcel.top * 1.0001) beyond.rect(left, 0, across, 2);
    if (-down > parcel.bottom * 1.0001) beyond.rect(left, size.plot - 2, across, 2);
  };
  if (wide * dots < 2)
    eachColumn(parcel, start, span, Math.round(size.width * dots), (column, across, up, down) =>
      bar(size.left + column / dots, across / dots, up, down));
  else
    for (let at = first; at < stop; at++)
      bar(x(at), wide > 3 ? wide - 1 : wide * 0.85, parcel.up[at], parcel.down[at]);
  context.fillStyle = theme.supports;
  context.fill(supports);
  context.fillStyle = theme.opposes;
  context.fill(opposes);
  context.fillStyle = theme.ink;
  context.fill(beyond);
}

function drawLetters(view, context, { first, stop, wide, x }, zero, scale) {
  const { parcel, size, theme } = view;
  const { rows, length, letters, scores } = parcel;
  const gap = Math.min(2, wide * 0.08);
  for (let at = first; at < stop; at++) {
    const stack = [];
    for (let row = 0; row < rows; row++)
      stack.push([rows === 1 ? letters[at] : row, scores[row * length + at]]);
    if (rows > 1) stack.sort((one, other) => Math.abs(one[1]) - Math.abs(other[1]));
    let [above, below] = [zero, zero];
    for (const [letter, score] of stack) {
      const tall = Math.abs(score) * scale;
      if (!tall) continue;
      if (score > 0) above -= tall;
      const top = score > 0 ? above : below;
      if (score < 0) below += tall;
      context.fillStyle = ink(theme, letter);
      glyph(context, letter, x(at) + gap / 2, top, wide - gap, tall);
    }
    context.fillStyle = theme.ink; // what is higher than the scale is cut off, and says so
    if (above < -0.5) context.fillRect(x(at), 0, wide, 2);
    if (below > size.plot + 0.5) context.fillRect(x(at), size.plot - 2, wide, 2);
    context.fillStyle = ink(theme, letters[at]); // the sequence itself, however little it adds
    const small = Math.min(10, wide * 0.8);
    glyph(context, letters[at], x(at) + (wide - small) / 2, size.plot + 4, small, 10);
  }
}

function glyph(context, letter, left, top, wide, tall) {
  if (tall < SHORTEST) return context.fillRect(left, top, wide, tall);
  context.save();
  context.translate(left, top);
  context.scale(wide / 100, tall / 100);
  if (SHAPES[letter]) context.fill(SHAPES[letter], "evenodd");
  else fillBox(context, rowOf(letter));
  context.restore();
}

// A letter that stands for several, which is rare, in the page's font.
function fillBox(context, text) {
  context.font = "700 100px sans-serif";
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  const { width, actualBoundingBoxAscent: high } = context.measureText(text);
  context.scale(100 / width, 100 / high);
  context.fillText(text, 0, high);
}

// ---- A map: what each of the four letters would do at each position ----

function drawMap(view, context, places) {
  const { parcel, painted, size, theme } = view;
  const { start, span } = places;
  const width = Math.round(size.width * size.dots);
  paintMap(view, start, span, width);
  context.save();
  context.beginPath();
  context.rect(size.left, 0, size.width, size.plot);
  context.clip();
  context.imageSmoothingEnabled = false;
  context.drawImage(painted, 0, 0, width, 4, size.left, 0, size.width, size.plot);
  context.fillStyle = theme.ground;
  for (let row = 1; row < 4; row++)
    context.fillRect(size.left, Math.round((row * size.plot) / 4) - 0.5, size.width, 1);
  if (places.wide >= 4) markObserved(view, context, places);
  if (view.spot) outlineSpot(view, context, places);
  context.restore();
}

// A column, or one cell: dark on light, to be seen on any colour.
function outlineSpot({ spot, size }, context, places) {
  const wide = Math.max(3, places.wide);
  const left = places.x(spot.at + 0.5) - wide / 2;
  const tall = spot.row === undefined ? size.plot : size.plot / 4;
  const top = (spot.row ?? 0) * tall;
  for (const [colour, line] of [["#ffffff", 4], ["#16161d", 2]]) {
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.strokeRect(left, top + 1, wide, tall - 2);
  }
}

// Of the letters that share a dot each row shows its strongest score, so that none disappears.
function paintMap({ parcel, painted }, start, span, width) {
  const { length, scores, colours, steps, limit } = parcel;
  [painted.width, painted.height] = [width, 4];
  const context = painted.getContext("2d");
  const image = context.createImageData(width, 4);
  const dots = new Uint32Array(image.data.buffer);
  const table = new Uint32Array(colours.buffer);
  const each = span / width;
  for (let column = 0; column < width; column++) {
    const first = Math.min(length - 1, Math.floor(start + column * each));
    const stop = Math.min(length, Math.max(first + 1, Math.floor(start + (column + 1) * each)));
    for (let row = 0; row < 4; row++) {
      let score = 0;
      for (let at = row * length + first; at < row * length + stop; at++)
        if (Math.abs(scores[at]) > Math.abs(score)) score = scores[at];
      const share = clamp(score / limit, -1, 1);
      // Rounding by size, then sign, so that a score and its opposite get mirrored colours.
      const step = Math.floor(Math.abs(share) * steps + 0.5) * Math.sign(share);
      dots[row * width + column] = table[steps + step];
    }
  }
  context.putImageData(image, 0, 0);
}

function markObserved({ parcel, size }, context, { first, stop, wide, x }) {
  const { letters, scores, length, limit } = parcel;
  const tall = size.plot / 4;
  const side = Math.min(wide * 0.8, tall * 0.55, 18);
  for (let at = first; at < stop; at++) {
    const row = letters[at];
    if (row > 3) continue;
    context.fillStyle = Math.abs(scores[row * length + at]) > 0.6 * limit ? "#ffffff" : "#16161d";
    const [left, top] = [x(at) + (wide - side) / 2, row * tall + (tall - side) / 2];
    if (wide >= LEGIBLE) glyph(context, row, left, top, side, side);
    else context.fillRect(left, top, side, side);
  }
}
