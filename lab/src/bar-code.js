// The buttons that copy a block of code. They are in the page alone, and neither saved nor copied with the text.

import { button, flash } from './bar-view.js';
import { guarded } from './console.js';
import { copied } from './copying.js';
import { element } from './elements.js';

const CLASS = 'zhipu-magic-code';

/**
 * Give each block of code in a cell's reply its button.
 * @param {import('./common.js').Common} common
 * @param {Element} cell
 * @param {(text: string) => void} say
 */
export function dress({ packages, trans }, cell, say) {
  const { copyIcon, checkIcon } = packages['@jupyterlab/ui-components'];
  for (const block of cell.querySelectorAll('.jp-OutputArea-output.jp-RenderedMarkdown pre')) {
    if (block.querySelector(`.${CLASS}`)) {
      continue;
    }
    const holder = element('div', { class: CLASS });
    const copy = async () => {
      say('');
      if (await copied((block.textContent ?? '').replace(/\n$/, ''))) {
        say(trans.__('Copied'));
        flash(holder.firstElementChild, checkIcon, copyIcon);
      }
    };
    const made = button(trans.__('Copy this code'), copyIcon, guarded('bar', () => void copy()));
    holder.append(made);
    block.prepend(holder);
  }
}

/** @param {Element} cell */
export function undress(cell) {
  cell.querySelectorAll(`.${CLASS}`).forEach((one) => one.remove());
}
