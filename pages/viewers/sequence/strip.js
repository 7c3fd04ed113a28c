// ---- The strip: all of the sequence in little, with the window on it ----

// Painted once for a size and a theme; panning only moves the window.
function paintStrip(view) {
  const { parcel, size, strip, whole, theme } = view;
  if (!size.band) return;
  [whole.width, whole.height] = [strip.width, strip.height];
  const context = whole.getContext("2d");
  const [left, width] = [size.left, size.width].map((side) => Math.round(side * size.dots));
  const high = strip.height;
  let [top, bottom] = [0, 0];
  for (let at = 0; at < parcel.length; at++) {
    top = Math.max(top, parcel.up[at]);
    bottom = Math.max(bottom, -parcel.down[at]);
  }
  const zero = Math.round((high * top) / (top + bottom || 1));
  const scale = high / (top + bottom || 1);
  const bars = [new Path2D(), new Path2D()];
  eachColumn(parcel, 0, parcel.length, width, (column, wide, up, down) => {
    if (up > 0) bars[0].rect(left + column, zero, wide, -Math.max(1, up * scale));
    if (down < 0) bars[1].rect(left + column, zero, wide, Math.max(1, -down * scale));
  });
  context.fillStyle = theme.supports;
  context.fill(bars[0]);
  context.fillStyle = theme.opposes;
  context.fill(bars[1]);
}

// The furthest reach up and down of the letters that share a column of `width` whole dots.
function eachColumn({ up, down, length }, start, span, width, act) {
  const each = span / width;
  for (let column = 0; column < width; ) {
    const first = Math.floor(start + column * each);
    const stop = Math.min(length, Math.max(first + 1, Math.floor(start + (column + 1) * each)));
    // One wide bar for a letter wider than a dot.
    const next = each < 1 ? Math.max(column + 1, Math.ceil((first + 1 - start) / each)) : column + 1;
    if (first >= length) return;
    let [high, low] = [0, 0];
    for (let at = first; at < stop; at++) {
      if (up[at] > high) high = up[at];
      if (down[at] < low) low = down[at];
    }
    act(column, Math.min(next, width) - column, high, low);
    column = next;
  }
}

function drawStrip(view) {
  const { size, strip, whole, theme, parcel } = view;
  if (!size.band) return;
  const context = strip.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, strip.width, strip.height);
  context.drawImage(whole, 0, 0);
  context.setTransform(size.dots, 0, 0, size.dots, 0, 0);
  const { start, span } = seen(view);
  const from = size.left + (start / parcel.length) * size.width;
  const wide = Math.max(4, (span / parcel.length) * size.width);
  const right = size.left + size.width;
  context.fillStyle = theme.ground;
  context.globalAlpha = 0.6;
  context.fillRect(size.left, 0, from - size.left, size.band);
  context.fillRect(from + wide, 0, right - from - wide, size.band);
  context.globalAlpha = 1;
  context.strokeStyle = theme.ink;
  context.lineWidth = 1;
  context.globalAlpha = 0.3;
  context.strokeRect(size.left + 0.5, 0.5, size.width - 1, size.band - 1);
  context.globalAlpha = 1;
  context.lineWidth = 2;
  context.strokeRect(from + 1, 1, Math.max(2, wide - 2), size.band - 2);
}
