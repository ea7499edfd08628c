// The buttons that copy a block of code. They are in the page alone, and neither saved nor copied with the text.

import { button } from './bar-view.js';
import { guarded } from './console.js';
import { copy } from './copying.js';
import { element } from './elements.js';

const CLASS = 'zhipu-magic-code';

/**
 * Give each block of code in a cell's reply its button.
 * @param {import('./common.js').Common} common
 * @param {Element} cell
 * @param {(text: string) => void} say
 */
export function dress(common, cell, say) {
  const { copyIcon } = common.packages['@jupyterlab/ui-components'];
  for (const block of cell.querySelectorAll('.jp-OutputArea-output.jp-RenderedMarkdown pre')) {
    if (block.querySelector(`.${CLASS}`)) {
      continue;
    }
    const take = () => copy(common, (block.textContent ?? '').replace(/\n$/, ''), made, say);
    const made = button(common.trans.__('Copy this code'), copyIcon, guarded('bar', take));
    block.prepend(element('div', { class: CLASS }, [made]));
  }
}

/** @param {Element} cell */
export function undress(cell) {
  cell.querySelectorAll(`.${CLASS}`).forEach((one) => one.remove());
}
