// Tells the page when the left or right arrow is pressed, except where the key has another use.

const BUSY = "input, textarea, select, canvas, [contenteditable], [role=radiogroup], [role=slider]";

export default function ({ setTriggerValue }) {
  const listen = (event) => {
    const step = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 }[event.key];
    const busy = event.composedPath().some((node) => node.matches?.(BUSY));
    if (!step || busy || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    setTriggerValue("step", step);
  };
  window.addEventListener("keydown", listen);
  return () => window.removeEventListener("keydown", listen);
}
