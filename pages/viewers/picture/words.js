// ---- Words and numbers ----

function showMessage(view) {
  const message = view.root.querySelector(".message");
  const { peak } = shownMap(view);
  const [low, high] = view.parcel.sides;
  const none = NOUNS[low] && NOUNS[high]
    ? "nothing in this picture supports or opposes" : `nothing is ${low} or ${high}`;
  for (const name of ["canvas", ".bar", ".foot"])
    view.root.querySelector(name).hidden = !view.photo;
  message.hidden = view.photo !== null && peak > 0;
  message.textContent = !view.photo
    ? "This picture could not be read. Use a PNG, JPEG or WebP file."
    : peak > 0 ? "" : `Every score is zero: ${none}.`;
}

function showLegend(view) {
  const { parcel, root } = view;
  const { colours, signed, limit, peak, name } = shownMap(view);
  const stops = [];
  for (let i = 0; i < colours.length; i += 4 * 15)
    stops.push(`rgb(${colours.slice(i, i + 3).join()})`);
  root.querySelector(".ramp").style.background = `linear-gradient(to right, ${stops.join()})`;
  const beyond = peak > limit;
  const low = signed ? (beyond ? "≤ " : "") + number(-limit, true) : "0";
  const high = (beyond ? "≥ " : "") + number(limit, signed);
  writeAll(part(view, "ticks"), [low, signed ? "0" : number(limit / 2, false), high]);
  const method = parcel.maps.length > 1 ? name : parcel.method;
  const about = [!parcel.compact || isLarge(view) ? method : "", parcel.unit].filter(Boolean).join(", ");
  const [opposes, supports] = parcel.sides;
  const words = signed ? [opposes, about, supports] : ["strength, no sign", "", about];
  writeAll(part(view, "words"), words);
  part(view, "which").hidden = parcel.maps.length < 2;
  part(view, "which").textContent = name;
}

function writeAll(row, texts) {
  texts.forEach((text, i) => (row.children[i].textContent = text));
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Three significant digits, with a true minus sign.
function number(value, signed) {
  const size = Math.abs(value);
  const short = size.toPrecision(3);
  const text = size >= 1000 && size < 1e6 ? String(Number(short)) : short; // not 1.23e+4
  const sign = value < 0 ? "−" : signed && value > 0 ? "+" : "";
  return sign + text.replace("e-", "e−").replace("e+", "e");
}

// ---- What is pointed at ----

function reading(view) {
  const { parcel } = view;
  const cell = pointedCell(view);
  const small = parcel.compact && !isLarge(view);
  if (cell === "outside") return ["Not seen by the network", ""];
  if (!isCell(cell)) return ["", small ? "" : "Point at the picture to read a score."];
  const at = cell.row * parcel.shape[1] + cell.column;
  const place = `column ${cell.column}, row ${cell.row}`;
  const scores = parcel.maps.map((map) => score(parcel, map, map.heat[at]));
  const share = shownMap(view).heat[at];
  if (parcel.maps.length > 1)
    return [parcel.maps.map(({ name }, i) => `${name} ${scores[i]}`).join(" · "), place];
  if (small) return [scores[0], place];
  if (share === 0) return [scores[0], `no contribution · ${place}`];
  return [scores[0], `${rank(view, share)} · ${place}`];
}

function score({ sides, unit }, map, share) {
  const figure = share === 0 ? "0" : number(share * map.peak, map.signed);
  const word = map.signed && share !== 0 ? sides[share > 0 ? 1 : 0] : "";
  return [unit ? `${figure} ${unit}` : figure, word].filter(Boolean).join(unit ? ", " : " ");
}

function rank(view, share) {
  const sorted = strengths(shownMap(view));
  const below = countBelow(sorted, Math.abs(share));
  const unit = Math.max(...view.parcel.shape) < 64 ? "cells" : "pixels";
  if (Math.abs(share) === sorted[sorted.length - 1]) return `the strongest of all ${unit}`;
  return `stronger than ${Math.floor((100 * below) / sorted.length)} % of the ${unit}`;
}

function showReadout(view) {
  const [value, place] = reading(view);
  write(part(view, "value"), value);
  write(part(view, "place"), place);
  const text = evidenceText(view);
  write(part(view, "evidence"), text);
  part(view, "evidence").hidden = !text;
}

// ---- What is in the box ----

function evidenceText(view) {
  const { parcel, settings } = view;
  if (!settings.evidence) return "";
  const name = boxing(view) ? "the box" : regionName(view);
  const shares = evidence(view);
  if (!shares) return boxing(view) ? "Draw a box on the picture." : `${name}: no such region here`;
  const seen = seenWhole(parcel) ? "the picture" : "what the network sees";
  const area = `on ${percent(shares.area)} of ${seen}`;
  const parts = shownMap(view).signed
    ? [shareOf(shares.plus, ...noun(parcel, 1)), shareOf(shares.minus, ...noun(parcel, 0))]
    : [shareOf(shares.plus, "the strength", "strength")];
  return `In ${name}: ${[...parts, area].join(", ")}`;
}

const NOUNS = { supports: "support", opposes: "opposition" };

function noun({ sides }, side) {
  const word = NOUNS[sides[side]];
  return word ? [`the ${word}`, word] : [`“${sides[side]}”`, `“${sides[side]}”`];
}

const shareOf = (share, all, none) =>
  share === null ? `no ${none} anywhere` : `${percent(share)} of ${all}`;

// Whole percent, never rounded to nothing or to everything.
function percent(share) {
  if (share > 0 && share < 0.005) return "< 1 %";
  if (share < 1 - 1e-9 && share >= 0.995) return "> 99 %";
  return `${Math.round(100 * share)} %`;
}

// ---- Aloud ----

// Says it once the pointer or the keys rest, so that a screen reader can follow.
function speak(view, words = () => (view.spot ? reading(view).filter(Boolean).join(", ") : "")) {
  clearTimeout(view.speaking);
  view.speaking = setTimeout(() => {
    view.root.querySelector("[aria-live]").textContent = words();
  }, 350);
}

function speakEvidence(view) {
  speak(view, () => {
    if (view.parcel) return evidenceText(view) || "No box";
    if (!view.settings.evidence) return "No box";
    const name = boxing(view) ? "a box: draw it on a picture" : regionName(view);
    return `Evidence in ${name}`;
  });
}
