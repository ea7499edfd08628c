// The parts of the extension, and what a part is.

import { complain } from './console.js';

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

/** In the order in which they start. @type {Record<string, () => Promise<Part>>} */
const modules = {
  prose: async () => (await import('./prose.js')).prose,
  page: async () => (await import('./page.js')).page,
  growing: async () => (await import('./growing.js')).growing,
  bar: async () => (await import('./bar.js')).bar,
  commands: async () => (await import('./commands.js')).commands,
  side: async () => (await import('./side.js')).side,
};

/** Those that could be loaded. */
export const parts = Promise.all(Object.entries(modules).map(loaded)).then((all) => all.flat());

/**
 * @param {[string, () => Promise<Part>]} module
 * @returns {Promise<Part[]>}
 */
async function loaded([name, load]) {
  try {
    const part = await load();
    if (!part) {
      throw new Error('its module is another one');
    }
    return [part];
  } catch (error) {
    complain(name, error);
    return [];
  }
}
