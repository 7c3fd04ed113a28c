// ---- Viewers and tool bars of one group: settings, sight, box and the spot pointed at ----

const EVENT = "evident-viewer";

function listenToGroup(view) {
  on(view, window, EVENT, ({ detail }) => {
    if (!view.group || detail.group !== view.group || detail.from === view.root) return;
    if (detail.asks) return tell(view, { to: detail.from, ...shared(view) });
    if (!detail.to || detail.to === view.root) adopt(view, detail);
  });
}

// Who comes late asks, and any member answers: all of them hold the same.
function join(view, group) {
  if (view.group === group) return;
  view.group = group;
  tell(view, { asks: true });
}

const shared = ({ settings, sight, box }) => ({ settings, sight, box });

function tell(view, news) {
  if (!news.to && (news.settings || news.sight || news.box !== undefined)) remember(view);
  if (!view.group) return;
  const detail = { group: view.group, from: view.root, ...news };
  window.dispatchEvent(new CustomEvent(EVENT, { detail }));
}

function adopt(view, { settings, sight, box, spot }) {
  if (settings) view.settings = { ...settings };
  if (sight) view.sight = { ...sight };
  if (box !== undefined) view.box = box;
  if (spot !== undefined) view.spot = spot;
  if (settings) refresh(view);
  else request(view);
}

// The visitor's choice, here and in the group.
function set(view, settings) {
  Object.assign(view.settings, settings);
  tell(view, { settings: view.settings });
  refresh(view);
}
