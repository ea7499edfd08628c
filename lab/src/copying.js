// Text to the clipboard.

import { flash } from './bar-view.js';

/**
 * Copy a text, and show and say whether the browser let us.
 * @param {import('./common.js').Common} common
 * @param {string} text
 * @param {Element | null} made The button that copies.
 * @param {(text: string) => void} say
 */
export async function copy({ packages, trans }, text, made, say) {
  const { copyIcon, checkIcon } = packages['@jupyterlab/ui-components'];
  say('');
  const isCopied = await copied(text);
  say(isCopied ? trans.__('Copied') : trans.__('The browser does not allow copying.'));
  if (isCopied) {
    flash(made, checkIcon, copyIcon);
  }
}

/** @param {string} text */
async function copied(text) {
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
