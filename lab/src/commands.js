// Commands: a new cell that asks, a switch between code and asking, a new notebook, and the way to a reply's buttons.

import { askingLine, isPython } from './cell-head.js';
import { insert, NEW_CELL } from './cells.js';
import { guarded } from './console.js';
import { enter } from './entering.js';
import { connected } from './following.js';
import { icon } from './icons.js';
import { LOAD, load } from './loading.js';

/**
 * @typedef {import('./common.js').Common} Common
 * @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel
 * @typedef {import('@jupyterlab/cells').Cell} Cell
 */

const NAME = 'commands';
/** Adds a cell that asks. */
const ASK = 'zhipu-magic:ask';
const REPLY = 'zhipu-magic:reply';
const NOTEBOOK = 'zhipu-magic:new-notebook';

/** @type {import('./parts.js').Part} */
export const commands = {
  name: NAME,
  description: 'Commands, shortcuts and buttons for cells that ask.',
  packages: ['@jupyterlab/apputils', '@jupyterlab/launcher', '@jupyterlab/ui-components'],
  services: ({ '@jupyterlab/apputils': apputils, '@jupyterlab/launcher': launcher }) => [
    apputils.ICommandPalette,
    launcher.ILauncher,
  ],
  /**
   * @param {Common} common
   * @param {import('@jupyterlab/apputils').ICommandPalette | null} palette
   * @param {import('@jupyterlab/launcher').ILauncher | null} launcher
   */
  start(common, palette, launcher) {
    const { app, packages, trans, tracker } = common;
    const glm = icon(packages, 'zhipu-magic:glm');
    const isOpen = () => tracker.currentWidget !== null;
    const canAsk = () => isPython(tracker.currentWidget?.content.codeMimetype);
    const isCode = () => isPythonCell(tracker.activeCell);
    /** @type {[string, import('@lumino/commands').CommandRegistry.ICommandOptions][]} */
    const all = [
      [
        NEW_CELL,
        { label: trans.__('New cell that asks GLM'), icon: glm, isEnabled: canAsk, execute: () => add(common) },
      ],
      [
        ASK,
        {
          label: trans.__('Ask GLM'),
          caption: trans.__('Ask GLM with this cell, or make it code again'),
          icon: glm,
          isEnabled: isCode,
          isVisible: isCode,
          isToggled: () => isAsking(tracker.activeCell),
          execute: () => toggle(common),
        },
      ],
      [REPLY, { label: trans.__("Go to the buttons of GLM's reply"), isEnabled: isOpen, execute: () => toBar(common) }],
      [
        NOTEBOOK,
        {
          label: ({ inLauncher }) => (inLauncher ? 'GLM' : trans.__('New notebook that asks GLM')),
          caption: trans.__('Start a notebook whose cells ask GLM'),
          icon: glm,
          execute: ({ cwd }) => open(common, typeof cwd === 'string' ? cwd : undefined),
        },
      ],
    ];
    const jupyterlab = common.translator.load('jupyterlab');
    const card = {
      command: NOTEBOOK,
      args: { inLauncher: true },
      category: jupyterlab.__('Notebook'),
      rank: 5,
      // among kernels, cards show a picture, which has no colour of its surroundings
      kernelIconUrl: `data:image/svg+xml,${encodeURIComponent(glm.svgstr.replace('currentColor', '#3b7de0'))}`,
    };
    const ends = [
      ...all.map(([id, options]) => app.commands.addCommand(id, options)),
      ...all.map(([command]) => palette?.addItem({ command, category: 'GLM' })),
      launcher?.add(card),
    ];
    const unfollow = follow(common);
    document.body.dataset['zhipuMagic'] = ''; // the shortcuts are for pages that have it
    return () => {
      delete document.body.dataset['zhipuMagic'];
      unfollow();
      ends.forEach((end) => end?.dispose());
    };
  },
};

/** @param {Common} common */
async function add(common) {
  const panel = common.tracker.currentWidget;
  if (panel) {
    const [added] = insert(panel, panel.content.activeCellIndex + 1, ['%%glm\n']);
    const loaded = load(common, panel);
    enter(panel, added, true, loaded);
    return loaded;
  }
}

/** @param {Cell | null} cell */
function isPythonCell(cell) {
  return cell?.model?.type === 'code' && isPython(cell.model.mimeType);
}

/** @param {Cell | null} cell */
function isAsking(cell) {
  return cell?.model?.type === 'code' && askingLine(cell.model.sharedModel.getSource()) !== null;
}

/**
 * What the switch took from cells, and what stood above it, for when they are switched back.
 * @type {WeakMap<object, { above: string, line: string }>}
 */
const taken = new WeakMap();

/** @param {Common} common */
async function toggle(common) {
  const { activeCell: cell, currentWidget: panel } = common.tracker;
  if (cell && panel && switched(cell)) {
    await load(common, panel);
  }
}

/**
 * Make a cell ask, or code again. Returns whether it asks.
 * @param {Cell} cell
 */
function switched({ model }) {
  const { sharedModel } = model;
  const source = sharedModel.getSource();
  const found = askingLine(source);
  if (found) {
    taken.set(model, { above: source.slice(0, found.start), line: source.slice(found.start, found.end) });
    sharedModel.updateSource(found.start, found.end, '');
    return false;
  }
  const { above, line } = taken.get(model) ?? { above: '', line: '%%glm' };
  const place = source.startsWith(above) ? above.length : 0;
  sharedModel.updateSource(place, place, line.endsWith('\n') ? line : `${line}\n`);
  return true;
}

/** @param {Common} common */
function toBar({ tracker }) {
  /** @type {HTMLElement | null | undefined} */
  const first = tracker.activeCell?.node.querySelector('.zhipu-magic-bar [tabindex="0"]');
  first?.focus();
}

/**
 * A new notebook with the extension loaded and a cell that asks.
 * @param {Common} common
 * @param {string} [cwd]
 */
async function open(common, cwd) {
  const { app } = common;
  const { kernelspecs } = app.serviceManager;
  await kernelspecs.ready;
  const specs = kernelspecs.specs?.kernelspecs ?? {};
  const named = [kernelspecs.specs?.default ?? '', ...Object.keys(specs)];
  const kernelName = named.find((name) => specs[name]?.language === 'python') ?? '';
  /** @type {NotebookPanel} */
  const panel = await app.commands.execute('notebook:create-new', { cwd: cwd ?? '', kernelName });
  await panel.context.ready;
  const [first] = panel.content.widgets;
  if (first && !first.model.sharedModel.getSource()) {
    first.model.sharedModel.setSource(LOAD);
  } else {
    insert(panel, 0, [LOAD]);
  }
  const [second] = insert(panel, 1, ['%%glm\n']);
  const loaded = load(common, panel);
  enter(panel, second, true, loaded);
  await loaded;
}

/**
 * Have the switch show what the active cell is, also when that changes while it is written in, or its language does.
 * @param {Common} common
 */
function follow({ app, tracker }) {
  let was = '';
  let unlook = () => {};
  const look = () => {
    const now = `${isAsking(tracker.activeCell)} ${isPythonCell(tracker.activeCell)}`;
    if (now !== was) {
      was = now;
      app.commands.notifyCommandChanged(ASK);
    }
  };
  const change = guarded(NAME, () => {
    unlook();
    const model = tracker.activeCell?.model;
    const ends = model
      ? [connected(NAME, model.sharedModel.changed, look), connected(NAME, model.mimeTypeChanged, look)]
      : [];
    unlook = () => ends.forEach((end) => end());
    was = '';
    look();
  });
  const unfollow = connected(NAME, tracker.activeCellChanged, change);
  change();
  return () => {
    unfollow();
    unlook();
  };
}
