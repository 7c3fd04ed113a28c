// ---- Words and numbers ----

const count = (value) => value.toLocaleString("en");

// Three significant digits, with a true minus sign.
function figure(value, signed, digits = 3) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const short = size.toPrecision(digits);
  const text = size >= 10 ** digits && size < 1e6 ? String(Number(short)) : short; // not 1.2e+3
  const sign = value < 0 ? "−" : signed ? "+" : "";
  return sign + text.replace("e-", "e−").replace("e+", "e");
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const rowOf = (code) => "ACGTNRYSWKMBDHV"[code]; // as in kinds/alphabet.py

// ---- Legend ----

function showLegend(view) {
  const { parcel, root } = view;
  const { kind, signed, sides: [low, high], limit, peak, beyond } = parcel;
  if (kind === "logo") {
    part(view, "low").hidden = !signed;
    part(view, "low").querySelector("span").textContent = low;
    part(view, "high").querySelector("span").textContent = signed ? high : "strength, no sign";
    part(view, "ways").textContent = signed ? `↑ ${high}   ↓ ${low}` : "height: strength, no sign";
    const unknown = parcel.letters.includes(4);
    root.querySelector(".legend b:last-child").hidden = !unknown;
    return;
  }
  const ends = [-limit, limit].map((share) => figure(share * peak, true));
  const sign = beyond ? ["≤ ", "≥ "] : ["", ""];
  fill(part(view, "ticks"), [sign[0] + ends[0], "0", sign[1] + ends[1]]);
  fill(part(view, "sides"), [low, "marked: the letter that is there", high]);
  const stops = [];
  for (let i = 0; i < parcel.colours.length; i += 4 * 15)
    stops.push(`rgb(${parcel.colours.slice(i, i + 3).join()})`);
  root.querySelector(".ramp").style.background = `linear-gradient(to right, ${stops.join()})`;
}

function fill(row, texts) {
  texts.forEach((text, i) => (row.children[i].textContent = text));
}

function dressLegend({ root, theme }) {
  const [supports, opposes] = root.querySelectorAll(".legend i");
  supports.style.background = theme.supports;
  opposes.style.background = theme.opposes;
  root.querySelectorAll(".legend b").forEach((letter, i) => {
    letter.style.color = theme.letters[i];
  });
}

// ---- What is on the screen, and what is pointed at ----

function rangeText(view) {
  const { start, span } = seen(view);
  const { length, before } = view.parcel;
  if (isWhole(view) && !before) return length === 1 ? "1 letter" : `all ${count(length)} letters`;
  const [first, last] = [Math.floor(start + 0.5) + 1, Math.floor(start + span + 0.5)];
  const shown = `letters ${count(before + first)} to ${count(before + Math.min(last, length))}`;
  return before ? shown : `${shown} of ${count(length)}`;
}

const showRange = (view) => write(part(view, "range"), rangeText(view));

const hint = () => matchMedia("(pointer: coarse)").matches
  ? "Touch a letter to read it. One finger pans, two zoom."
  : "Point at a letter to read it. Ctrl or ⌘ + wheel zooms, dragging pans.";

// The number in bold, and where it is.
function reading(view) {
  const { parcel, spot } = view;
  if (parcel.flat) return ["", "Every score is zero: no letter counts for or against it."];
  if (!spot) return ["", parcel.compact ? "" : hint()];
  const { at, row, among } = spot;
  const { letters, kind, rows } = parcel;
  const place = [`letter ${count(parcel.before + at + 1)}`];
  for (const { start, stop, name } of parcel.spans) if (start <= at && at < stop) place.push(name);
  if (among > 1) place.push(`the strongest of ${count(among)} letters here`);
  const here = rowOf(letters[at]);
  const others = [0, 1, 2, 3].filter((each) => each !== letters[at]);
  const each = (code) => `${rowOf(code)} ${scoreText(parcel, at, code, false)}`;
  if (kind === "map" && row !== undefined) {
    const what = row === letters[at] ? `${here}, which is there,` : `${rowOf(row)} instead of ${here}`;
    return [`${what} ${scoreText(parcel, at, row, true)}`, place.join(" · ")];
  }
  if (kind === "map") return [`instead of ${here}: ${others.map(each).join(", ")}`, place.join(" · ")];
  if (rows === 1) return [`${here} ${scoreText(parcel, at, 0, true)}`, place.join(" · ")];
  const own = letters[at] < 4 ? `${here} ${scoreText(parcel, at, letters[at], true)}` : here;
  return [own, [...place, others.map(each).join(", ")].join(" · ")];
}

function scoreText({ scores, length, peak, signed, sides }, at, row, worded) {
  const score = scores[row * length + at];
  const word = worded && signed && score !== 0 ? ` ${sides[score > 0 ? 1 : 0]}` : "";
  return figure(score * peak, signed) + word;
}

function showReadout(view) {
  const [value, place] = reading(view);
  write(part(view, "value"), value);
  write(part(view, "place"), place);
}

// ---- Aloud ----

// Says it once the pointer or the keys rest, so that a screen reader can follow.
function speak(view, words) {
  clearTimeout(view.speaking);
  view.speaking = setTimeout(() => {
    view.root.querySelector("[aria-live]").textContent = words();
  }, 350);
}

const speakRange = (view) => speak(view, () => `Showing ${rangeText(view)}`);
