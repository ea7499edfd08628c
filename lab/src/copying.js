// Text to the clipboard.

/**
 * Copy a text. Returns whether the browser let us.
 * @param {string} text
 */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // a page that came by plain HTTP has no clipboard, or may not use it
    return copiedAsEvent(text);
  }
}

/** @param {string} text */
function copiedAsEvent(text) {
  const take = (/** @type {ClipboardEvent} */ event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    event.clipboardData?.setData('text/plain', text);
  };
  document.addEventListener('copy', take, true);
  try {
    return document.execCommand('copy');
  } finally {
    document.removeEventListener('copy', take, true);
  }
}
