// The extension's plugins: one for what all parts share, and one for each part, so that each can fail alone.

import { Common } from './common.js';
import { complain, guarded } from './console.js';
import { packages } from './shared.js';

const ID = 'zhipu-magic';
const BASE = /** @type {const} */ ([
  '@jupyterlab/notebook',
  '@jupyterlab/services',
  '@jupyterlab/settingregistry',
  '@jupyterlab/translation',
  '@lumino/coreutils',
  '@lumino/signaling',
]);

/**
 * The plugins of the parts whose packages are there.
 * @param {Scope} scope
 * @param {import('./parts.js').Part[]} parts
 * @returns {Promise<object[]>}
 */
export async function plugins(scope, parts) {
  const names = new Set([...BASE, ...parts.flatMap((one) => one.packages)]);
  const found = /** @type {Packages} */ (await packages(scope, names));
  const { Token } = found['@lumino/coreutils'];
  /** @type {import('@lumino/coreutils').Token<Common>} */
  const common = new Token(`${ID}:common`);
  const ours = parts.flatMap((part) => guarded(part.name, () => partPlugin(found, common, part))() ?? []);
  return [commonPlugin(found, common), ...ours];
}

/**
 * @param {Packages} found
 * @param {import('@lumino/coreutils').Token<Common>} provides
 */
function commonPlugin(found, provides) {
  return {
    id: `${ID}:plugin`,
    description: 'What the parts of zhipu_magic share.',
    autoStart: true,
    provides,
    requires: [found['@jupyterlab/notebook'].INotebookTracker],
    optional: [found['@jupyterlab/settingregistry'].ISettingRegistry, found['@jupyterlab/translation'].ITranslator],
    /** @type {(app: any, tracker: any, registry: any, translator: any) => Common} */
    activate: (app, tracker, registry, translator) =>
      new Common(`${ID}:plugin`, { app, packages: found, tracker, registry, translator }),
  };
}

/**
 * @param {Packages} found
 * @param {import('@lumino/coreutils').Token<Common>} common
 * @param {import('./parts.js').Part} part
 * @returns {object[]}
 */
function partPlugin(found, common, part) {
  const missing = part.packages.filter((name) => !(name in found));
  if (missing.length) {
    complain(part.name, `the page has no ${missing.join(', ')}`);
    return [];
  }
  return [
    {
      id: `${ID}:${part.name}`,
      description: part.description,
      autoStart: true,
      requires: [common],
      optional: part.services?.(found) ?? [],
      /** @type {(app: unknown, common: Common, ...services: any[]) => void} */
      activate: (_app, shared, ...services) => void shared.run(part, services),
    },
  ];
}
