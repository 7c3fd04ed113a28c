// Tells the page when an arrow key is pressed, except where the key has another use, and takes the
// whole screen for a presentation.

const BUSY = "input, textarea, select, canvas, [contenteditable], [role=radiogroup], [role=slider]";

export default function ({ data, parentElement, setTriggerValue }) {
  const { presenting } = data;
  const button = parentElement.querySelector("button");
  button.textContent = presenting ? "Leave (Esc)" : "Present (P)";
  button.title = presenting
    ? "Back to the page"
    : "The whole screen for picture, sentence and proof; arrow keys turn the pages";
  const present = (wanted) => {
    if (wanted) document.documentElement.requestFullscreen?.().catch(() => {}); // kiosks refuse
    else if (document.fullscreenElement) document.exitFullscreen();
    if (wanted !== presenting) setTriggerValue("present", wanted);
  };
  button.onclick = () => present(!presenting);
  const listen = (event) => {
    const busy = event.composedPath().some((node) => node.matches?.(BUSY));
    if (busy || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const step = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 }[event.key];
    if (step) setTriggerValue("step", step);
    else if (event.key === "Escape" && presenting) present(false);
    else if (event.key === "p" && !presenting) present(true);
    else return;
    event.preventDefault();
  };
  // Escape in full screen is the browser's own: it leaves the screen, and the page follows.
  const left = () => presenting && !document.fullscreenElement && setTriggerValue("present", false);
  window.addEventListener("keydown", listen);
  document.addEventListener("fullscreenchange", left);
  return () => {
    window.removeEventListener("keydown", listen);
    document.removeEventListener("fullscreenchange", left);
  };
}
