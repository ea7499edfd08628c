// The page and its kernel: the order of the cells goes with each request, and what the kernel tells is shown.

import { addStyle } from './elements.js';
import { eachPanel } from './following.js';
import { css, showStale } from './page-stale.js';

/** @type {import('./parts.js').Part} */
export const page = {
  name: 'page',
  description: 'Tells the kernel the order of the cells, and shows which of them should be asked again.',
  packages: ['@lumino/widgets'],
  start(common) {
    const removeStyle = addStyle(css);
    const end = eachPanel('page', common.tracker, (panel) => {
      common.link(panel).look();
      return showStale(common, panel);
    });
    return () => {
      end();
      removeStyle();
    };
  },
};
