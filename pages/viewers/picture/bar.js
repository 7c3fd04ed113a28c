// ---- Tool bar ----

function listenToControls(view) {
  const { root } = view;
  on(view, root, "input", ({ target }) => {
    const { name, value } = target;
    if (name === "evidence") chooseEvidence(view, value);
    else if (name === "opacity") set(view, { opacity: value / 100 });
    else if (name === "top") set(view, { top: Number(value) });
    else set(view, { [name]: target.type === "checkbox" ? target.checked : value });
  });
  const clicks = {
    in: () => zoomAt(view, 1.5),
    out: () => zoomAt(view, 1 / 1.5),
    reset: () => look(view, { zoom: 1 }),
    box: () => chooseEvidence(view, boxing(view) ? "" : "box"),
    a: () => chooseMap(view, 0),
    b: () => chooseMap(view, 1),
    blink: () => blink(view),
    copy: () => copyPicture(view),
  };
  for (const [name, act] of Object.entries(clicks)) on(view, control(view, name), "click", act);
  const more = root.querySelector(".more");
  const away = ({ relatedTarget }) => relatedTarget && !more.contains(relatedTarget);
  on(view, more, "focusout", (event) => away(event) && (more.open = false));
  on(view, window, "pointerdown", (event) =>
    event.composedPath().includes(more) || (more.open = false));
  on(view, root, "keydown", (event) => {
    if (event.key !== "Escape") return;
    if (more.open) {
      more.open = false;
      more.querySelector("summary").focus();
    } else if (boxing(view) && !isLarge(view)) chooseEvidence(view, "");
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

// The words that came with the data: names of regions and of maps, what the two sides mean.
function showWords(view) {
  const { sides, masks } = view.words;
  const options = control(view, "range").options;
  options[1].textContent = `${sides[1]} only`;
  options[2].textContent = `${sides[0]} only`;
  const choices = [["", "Evidence in…"], ["box", "a box I draw"]];
  for (const name of masks) choices.push([`in:${name}`, name]);
  const evidence = control(view, "evidence");
  evidence.replaceChildren(...choices.map(([value, text]) => new Option(text, value)));
  evidence.hidden = masks.length === 0;
  const names = view.parcel?.maps.map((map) => map.name) ?? [];
  part(view, "maps").hidden = names.length < 2;
  if (names.length < 2) return;
  control(view, "a").textContent = names[0];
  control(view, "b").textContent = names[1];
}

function syncControls(view) {
  const { root, settings, words, parcel } = view;
  const signed = parcel ? shownMap(view).signed : words.signed;
  const range = parcel ? effectiveRange(view) : settings.range;
  root.querySelector(`[name="mode"][value="${settings.mode}"]`).checked = true;
  root.dataset.mode = settings.mode;
  control(view, "opacity").value = Math.round(settings.opacity * 100);
  control(view, "opacity").disabled = settings.mode !== "overlay";
  control(view, "range").value = range;
  for (const option of control(view, "range").options)
    option.hidden = option.disabled = !signed && /supports|opposes/.test(option.value);
  control(view, "top").value = settings.top;
  part(view, "top").hidden = settings.range !== "top";
  part(view, "share").textContent = `${settings.top} %`;
  control(view, "grey").checked = settings.grey;
  control(view, "smooth").checked = settings.smooth ?? false;
  control(view, "smooth").indeterminate = !view.canvas && settings.smooth === null;
  for (const name of ["range", "top", "smooth", "grey"])
    control(view, name).disabled = settings.mode === "picture";
  control(view, "box").setAttribute("aria-pressed", boxing(view));
  control(view, "evidence").value = offersEvidence(view) ? settings.evidence : "";
  control(view, "a").setAttribute("aria-pressed", view.side === 0);
  control(view, "b").setAttribute("aria-pressed", view.side === 1);
  control(view, "copy").hidden = !view.canvas || !navigator.clipboard?.write;
  control(view, "blink").setAttribute("aria-pressed", Boolean(view.blinking));
}

function showZoom(view) {
  write(control(view, "reset"), `${Math.round(view.sight.zoom * 100)} %`);
}

// ---- Two maps in one place ----

const BLINK = 700; // milliseconds that each map stays

function showMap(view, side) {
  view.side = side;
  showMessage(view);
  showLegend(view);
  refresh(view);
}

function chooseMap(view, side) {
  stopBlinking(view);
  showMap(view, side);
  speak(view, () => `Showing ${shownMap(view).name}`);
}

function blink(view) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (view.blinking || still) return chooseMap(view, still ? 1 - view.side : view.side);
  view.blinking = setInterval(() => showMap(view, 1 - view.side), BLINK);
  refresh(view);
}

function stopBlinking(view) {
  clearInterval(view.blinking);
  view.blinking = null;
}
