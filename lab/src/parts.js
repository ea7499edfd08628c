// The parts, in the order in which they start.

import { page } from './page.js';
import { prose } from './prose.js';

/** @type {import('./part.js').Part[]} */
export const parts = [prose, page];
