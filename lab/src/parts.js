// The parts of the extension, and what a part is.

import { bar } from './bar.js';
import { commands } from './commands.js';
import { growing } from './growing.js';
import { page } from './page.js';
import { prose } from './prose.js';
import { side } from './side.js';

/**
 * One concern, which the settings switch on and off. `packages` are those of the page that it cannot do without, and
 * `services` the tokens of what the page provides, each of which may be missing (null). `start` begins it, and what it
 * returns ends it: then the page is as if it had never been there.
 * @typedef {{
 *   name: string,
 *   description: string,
 *   packages: readonly (keyof Packages)[],
 *   services?: (packages: Packages) => unknown[],
 *   start: (common: import('./common.js').Common, ...services: any[]) => () => void,
 * }} Part
 */

/** In the order in which they start. @type {Part[]} */
export const parts = [prose, page, growing, bar, commands, side];
