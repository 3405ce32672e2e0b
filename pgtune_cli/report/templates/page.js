"use strict";
// What a link points to is opened, with all that is around it.
function reveal() {
  let target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  target.scrollIntoView();
}

async function copyText(text, box) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    getSelection().selectAllChildren(box);
    return document.execCommand("copy");
  }
  return true;
}

function addCopyButtons(root) {
  for (const box of root.querySelectorAll("pre.sql")) {
    if (box.parentElement.className === "sqlbox") continue;
    const around = document.createElement("div"), button = document.createElement("button");
    around.className = "sqlbox";
    button.className = "copy";
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      button.textContent = (await copyText(box.textContent, box)) ? "Copied" : "Not copied";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
    box.replaceWith(around);
    around.append(box, button);
  }
}
