// The parts, in the order in which they start.

import { page } from './page.js';

/** @type {import('./part.js').Part[]} */
export const parts = [page];
