// The parts, in the order in which they start.

import { bar } from './bar.js';
import { commands } from './commands.js';
import { growing } from './growing.js';
import { page } from './page.js';
import { prose } from './prose.js';
import { side } from './side.js';

/** @type {import('./part.js').Part[]} */
export const parts = [prose, page, growing, bar, commands, side];
