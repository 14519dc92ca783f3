// Copying, also on a page without TLS, where browsers have no navigator.clipboard.

function copyBySelection(text) {
  const box = document.createElement("textarea");
  box.value = text;
  box.className = "for-ears";
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  return done;
}

// Whether it was copied.
export async function copyText(text) {
  if (!navigator.clipboard)
    return copyBySelection(text);
  return navigator.clipboard.writeText(text).then(() => true, () => false);
}
