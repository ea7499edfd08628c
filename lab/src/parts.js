// The parts, in the order in which they start.

import { growing } from './growing.js';

/** @type {import('./part.js').Part[]} */
export const parts = [growing];
