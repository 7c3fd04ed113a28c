// Hides a picture's hottest cells as far as the slider says, beside what the network answers then.

const VIEWS = new WeakMap();
const PACE = { lively: 500, calm: 1200, rest: 1500 }; // milliseconds
const TICKS = [0, 1, 0.1, 0.5, 0.2, 0.05, 0.02, 0.3, 0.7]; // the first that fit are written

// Called on every rerun with the same parentElement: the view, and with it the slider's place,
// stays; only the last call's cleanup takes it down.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".proof");
  let view = VIEWS.get(parentElement);
  if (view?.root !== root || view.ended.signal.aborted) {
    if (view) end(view);
    VIEWS.set(parentElement, (view = begin(root, view)));
  }
  const call = ++view.calls;
  receive(view, data, call);
  return () => call === view.calls && end(view);
}

function begin(root, former) {
  const view = {
    root,
    slider: root.querySelector("input"),
    button: root.querySelector("button"),
    share: former?.share, // hidden now; survives new data with another grid
    parcel: null,
    figures: [],
    calls: 0,
    ended: new AbortController(),
  };
  const on = (target, type, act) =>
    target.addEventListener(type, () => view.parcel && act(), { signal: view.ended.signal });
  on(view.slider, "input", () => stop(view) || go(view, Number(view.slider.value)));
  on(view.button, "click", () => toggle(view));
  view.resize = new ResizeObserver(() => request(view));
  view.resize.observe(root);
  return view;
}

function end(view) {
  view.ended.abort();
  view.resize.disconnect();
  cancelAnimationFrame(view.frame);
  for (const timer of [view.speaking, view.playing]) clearTimeout(timer);
  for (const { photo } of view.figures) photo?.close();
}

const part = (view, name) => view.root.querySelector(`[data-part="${name}"]`);

async function receive(view, bytes, call) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const text = new TextDecoder().decode(bytes.subarray(4, 4 + length));
  view.wanted = text;
  if (view.parcel?.text === text) return request(view); // a rerun, or another theme
  view.root.dataset.ready = "false";
  delete view.root.dataset.digest;
  const parcel = { ...JSON.parse(text), text };
  let at = 4 + length;
  const blocks = parcel.blocks.map((size) => bytes.slice(at, (at += size))); // copies, aligned
  const photos = await Promise.all(parcel.figures.map(({ picture, mime }) =>
    createImageBitmap(new Blob([blocks[picture]], { type: mime })).catch(() => null)));
  if (call !== view.calls || view.ended.signal.aborted)
    return photos.forEach((photo) => photo?.close());
  for (const { photo } of view.figures) photo?.close();
  view.parcel = parcel;
  view.figures = parcel.figures.map((figure, i) => build(view, figure, photos[i], blocks));
  part(view, "figures").replaceChildren(...view.figures.map(({ box }) => box));
  const hot = view.figures.filter((figure) => figure.hot).length;
  // Each has its own chance: that stands under it.
  part(view, "figures").dataset.pairs = view.figures.length === 2 * hot ? hot : 0;
  view.slider.max = parcel.shares.length - 1;
  const away = (share) => Math.abs(share - (view.share ?? parcel.start));
  const nearest = parcel.shares.reduce((best, share) => (away(share) < away(best) ? share : best));
  stop(view);
  showTicks(view);
  showLegend(view);
  go(view, parcel.shares.indexOf(nearest));
}

function build(view, figure, photo, blocks) {
  const box = view.root.querySelector("template").content.firstElementChild.cloneNode(true);
  const canvas = box.querySelector("canvas");
  const cover = document.createElement("canvas");
  [cover.height, cover.width] = figure.shape;
  canvas.hidden = !photo;
  canvas.nextElementSibling.hidden = photo !== null;
  const order = new Uint32Array(blocks[figure.order].buffer);
  return { ...figure, box, canvas, photo, cover, order, colours: blocks[figure.baseline] };
}

function go(view, index) {
  const { slider, parcel: { shares } } = view;
  view.at = index;
  view.share = shares[index];
  slider.value = index;
  slider.setAttribute("aria-valuetext", `${short(view.share)} hidden`);
  slider.style.setProperty("--part", index / (shares.length - 1));
  view.root.querySelector(".head strong").textContent = short(view.share);
  part(view, "sentence").replaceChildren(...sentence(view));
  for (const figure of view.figures) showNumbers(view, figure);
  clearTimeout(view.speaking);
  view.speaking = setTimeout(() => {
    part(view, "live").textContent = part(view, "sentence").textContent;
  }, PACE.rest); // so not while it plays
  request(view);
}

// From nothing hidden to everything; a pause is taken up where it was.
function toggle(view) {
  if (view.playing) return stop(view, true);
  const last = view.parcel.shares.length - 1;
  if (!view.paused || view.at === last) go(view, 0);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  view.playing = setInterval(() => {
    go(view, view.at + 1);
    if (view.at === last) stop(view);
  }, calm ? PACE.calm : PACE.lively);
  Object.assign(view.button, { className: "playing" }).lastElementChild.textContent = "Pause";
}

function stop(view, paused = false) {
  clearTimeout(view.playing);
  Object.assign(view, { paused, playing: null });
  Object.assign(view.button, { className: "" }).lastElementChild.textContent = "Play";
}

// ---- Drawing ----

function request(view) {
  if (view.ended.signal.aborted || !view.parcel) return;
  cancelAnimationFrame(view.frame);
  view.frame = requestAnimationFrame(() => {
    const ground = getComputedStyle(view.root).getPropertyValue("--st-background-color") || "white";
    for (const figure of view.figures) if (figure.photo) draw(view, figure, ground);
    const { text, digest } = view.parcel;
    Object.assign(view.root.dataset, { ready: text === view.wanted, digest, share: view.share });
  });
}

// The canvas has the picture's own shape, in as many dots as the screen has.
function draw(view, figure, ground) {
  const { photo, canvas, cover, region, box } = figure;
  const shape = photo.width / photo.height;
  const width = Math.max(1, Math.min(box.clientWidth, view.parcel.maxHeight * shape));
  const dots = window.devicePixelRatio || 1;
  const drawn = [view.at, width, dots, ground].join();
  if (figure.drawn === drawn) return;
  figure.drawn = drawn;
  Object.assign(canvas.style, { width: `${width}px`, height: `${width / shape}px` });
  canvas.width = Math.round(width * dots);
  canvas.height = Math.round((width / shape) * dots);
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  const few = Math.max(photo.width, photo.height) <= 32; // as blocks they cannot be read
  context.imageSmoothingEnabled = few || canvas.width / photo.width < 6; // else each as it is
  context.scale(canvas.width, canvas.height); // the picture is the unit square
  context.drawImage(photo, 0, 0, 1, 1);
  Object.assign(context, { globalAlpha: 0.62, fillStyle: ground }); // dims what was not seen
  context.rect(0, 0, 1, 1);
  context.rect(...region);
  context.fill("evenodd");
  context.globalAlpha = 1;
  paintCover(figure, figure.hidden[view.at]);
  // True cells, unless they are smaller than a dot: skipping some would change the picture.
  context.imageSmoothingEnabled = (canvas.width * region[2]) / cover.width < 1;
  context.drawImage(cover, ...region);
}

function paintCover({ cover, order, colours }, count) {
  const pixels = new ImageData(cover.width, cover.height);
  for (let i = 0; i < order.length; i++) {
    if (order[i] >= count) continue;
    for (let c = 0; c < 4; c++) pixels.data[4 * i + c] = c < 3 ? colours[3 * i + c] : 255;
  }
  cover.getContext("2d").putImageData(pixels, 0, 0);
}

// ---- Words and numbers ----

const short = (share) => `${Number((100 * share).toPrecision(3))} %`;

function percent(share) {
  const value = 100 * share;
  if (value > 0 && value < 0.1) return "< 0.1 %";
  if (value > 99.9 && value < 100) return "> 99.9 %";
  return `${value.toFixed(1)} %`;
}

function between(low, high) {
  const [from, to] = [percent(low), percent(high)];
  return from === to ? to : `${from.replace(" %", "")} to ${to}`;
}

const element = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
const [whole, bold] = ["span", "strong"].map((tag) => (text) => element(tag, text));

// Of the case whose answer fell furthest, and of what chance does in its place.
function sentence({ parcel: { about, shares, figures }, at }) {
  const cases = figures.filter(({ hot }) => hot);
  const fall = ({ answers }) => answers[0] - answers[at];
  const most = cases.reduce((best, one) => (fall(one) > fall(best) ? one : best));
  const { name, answers, says, draws, low, mean, high } = most;
  const change = says[at] === says[0] ? [] : [" The network now says ", bold(says[at]), "."];
  if (at === 0 || at === shares.length - 1) {
    const all = cases.map((one) => one.answers[at]).sort((a, b) => a - b);
    const range = whole(between(all[0], all.at(-1)));
    return [at ? "Everything" : "Nothing", " is hidden: ", bold(about), " ", range, ".", ...change];
  }
  const [share, before, now] = [short(shares[at]), percent(answers[0]), percent(answers[at])];
  const takes = now === before ? [" leaves ", bold(about), " at "]
    : [" takes ", bold(about), " from ", whole(before), " to "];
  const chance = element("abbr", "a random ");
  chance.append(whole(share), ": ", whole(percent(mean[at])));
  if (draws > 1) chance.append(" (", whole(between(low[at], high[at])), ")");
  chance.title = draws > 1 ? `Mean of ${draws} random draws, lowest and highest in brackets` : "";
  const by = [whole(share), cases.length > 1 ? ` by ${name}, which tells most here,` : ""];
  return ["Hiding the hottest ", ...by, ...takes, bold(now), "; ", chance, ".", ...change];
}

function showNumbers({ parcel: { about, shares, figures }, at }, figure) {
  const { box, canvas, hot, name, answers, says, draws, low, mean, high, beside } = figure;
  const [hidden, before, now] = [short(shares[at]), percent(answers[0]), percent(answers[at])];
  const alone = figures.filter((one) => !one.hot).length === 1;
  const random = `A random ${hidden}${alone ? "" : `, beside ${beside?.join(", ")}`}`;
  const spread = draws > 1 ? `mean of ${draws} draws, ${between(low[at], high[at])}` : "one draw";
  const called = says?.[at] === about ? "" : `now: ${says?.[at]}`;
  const texts = [hot ? name : random, before, now, hot ? called : spread];
  [...box.querySelectorAll("[data-text]")].forEach((place, i) => (place.textContent = texts[i]));
  const edges = { first: answers.map(() => answers[0]), now: answers, low, mean, high };
  for (const edge in edges) box.style.setProperty(`--${edge}`, edges[edge][at]);
  canvas.setAttribute("aria-label", hot
    ? `${name}: the hottest ${hidden} of the picture is hidden. ${about} ${now}. ${called}`
    : `${random} of the picture is hidden, one of many ways. ${about} ${now}, ${spread}.`);
}

function showTicks(view) {
  const { shares } = view.parcel;
  const ticks = [];
  for (const share of TICKS) {
    const at = shares.indexOf(share) / (shares.length - 1);
    if (at < 0 || ticks.some((other) => Math.abs(at - other.at) < 0.11)) continue;
    ticks.push(Object.assign(whole(short(share)), { at }));
    ticks.at(-1).style.setProperty("--part", at);
  }
  part(view, "ticks").replaceChildren(...ticks);
}

function showLegend(view) {
  const counts = view.parcel.figures.map(({ draws }) => draws);
  const draws = counts.every((count) => count === counts[0]) ? counts[0] : "several";
  part(view, "bar").textContent = `${view.parcel.about}, this much hidden (0 to 100 %)`;
  const range = draws === 1 ? "one draw" : `mean of ${draws} draws, lowest to highest`;
  part(view, "band").textContent = `as much hidden at random: ${range}`;
}
