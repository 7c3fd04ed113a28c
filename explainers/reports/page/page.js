for (const control of document.querySelectorAll("input[data-of]"))
  control.addEventListener("input", () => {
    const part = document.getElementById(control.dataset.of);
    if (control.dataset.sets === "opacity") part.style.opacity = control.value / 100;
    else part.style.width = `${control.value}%`;
  });
