// ---- What a reload brings back: settings, sight and box, kept in this tab of the browser ----

// Of one place on one page; a group remembers as one.
const memoryOf = ({ group, parcel }) =>
  `evident-viewer ${location.pathname} ${group ?? parcel?.slot ?? ""}`;

function remember(view) {
  if (!view.group && !view.parcel) return;
  const { settings, sight, box, parcel } = view;
  const known = kept(memoryOf(view));
  const photo = parcel?.photo ?? known?.photo; // a tool bar alone has none
  keep(memoryOf(view), { settings, sight, box, photo });
}

// Once, when a view gets its first picture; sight and box only where it is the same picture.
function recall(view) {
  if (view.recalled) return;
  view.recalled = true;
  const known = kept(memoryOf(view));
  if (!known) return;
  view.settings = { ...DEFAULTS, ...known.settings };
  const same = view.parcel ? view.parcel.photo === known.photo : Boolean(view.group);
  if (!same) {
    if (boxing(view)) view.settings.evidence = "";
    return;
  }
  view.sight = { ...view.sight, ...known.sight };
  view.box = known.box;
}

function kept(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name));
  } catch {
    return null; // storage is off, or holds something else
  }
}

function keep(name, value) {
  try {
    sessionStorage.setItem(name, JSON.stringify(value));
  } catch {
    // storage is off or full: a reload then starts anew
  }
}
