// A row of thumbnails of which one is chosen; arrow keys move, Enter and Space choose.

export default function ({ data, parentElement, setTriggerValue }) {
  const list = parentElement.querySelector("[role=radiogroup]");
  list.setAttribute("aria-label", data.label);
  list.replaceChildren(...data.items.map((item) => thumbnail(item, data.chosen, setTriggerValue)));
  list.onkeydown = (event) => move(event, list);
  const current = list.querySelector("[aria-checked=true]") ?? list.firstElementChild;
  if (current) {
    current.tabIndex = 0;
    list.scrollTop = Math.max(0, current.offsetTop - list.offsetTop - 8);
  }
}

function thumbnail(item, chosen, setTriggerValue) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("role", "radio");
  button.setAttribute("aria-checked", String(item.name === chosen));
  button.setAttribute("aria-label", item.title);
  button.title = item.title;
  button.tabIndex = -1;
  button.dataset.testid = `gallery-${item.name}`;
  const image = document.createElement("img");
  image.src = item.picture;
  image.alt = "";
  button.append(image);
  button.onclick = () => setTriggerValue("chosen", item.name);
  return button;
}

function move(event, list) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const buttons = [...list.children];
  const at = buttons.indexOf(list.getRootNode().activeElement ?? document.activeElement);
  const next = buttons[(at + step + buttons.length) % buttons.length];
  buttons.forEach((button) => (button.tabIndex = button === next ? 0 : -1));
  next.focus();
}
