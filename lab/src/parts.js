// The parts, in the order in which they start.

/** @type {import('./part.js').Part[]} */
export const parts = [];
