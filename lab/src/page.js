// The page and its kernel: the order of the cells goes with each request, and what the kernel tells is shown.

import { addStyle } from './elements.js';
import { eachPanel } from './following.js';
import { css, RUN, showStale } from './page-stale.js';

/** @type {import('./parts.js').Part} */
export const page = {
  name: 'page',
  description: 'Tells the kernel the order of the cells, and shows which of them should be asked again.',
  packages: ['@jupyterlab/apputils', '@lumino/widgets'],
  services: ({ '@jupyterlab/apputils': apputils }) => [apputils.ICommandPalette],
  /**
   * @param {import('./common.js').Common} common
   * @param {import('@jupyterlab/apputils').ICommandPalette | null} palette
   */
  start(common, palette) {
    const { app, trans, tracker } = common;
    const removeStyle = addStyle(css);
    /** @type {Map<object, import('./page-stale.js').Shown>} */
    const shown = new Map();
    const current = () => tracker.currentWidget && shown.get(tracker.currentWidget);
    const command = app.commands.addCommand(RUN, {
      label: trans.__('Run stale cells'),
      isEnabled: () => Boolean(current()?.count()),
      execute: () => current()?.run(),
    });
    const item = palette?.addItem({ command: RUN, category: 'GLM' });
    const end = eachPanel('page', tracker, (panel) => {
      common.link(panel).look();
      const stale = showStale(common, panel);
      shown.set(panel, stale);
      return () => {
        shown.delete(panel);
        stale.end();
      };
    });
    return () => {
      end();
      item?.dispose();
      command.dispose();
      removeStyle();
    };
  },
};
