// The bar as elements: a toolbar whose buttons the arrow keys choose between. Its labels are ours alone.

import { element } from './elements.js';
import { rove } from './roving.js';

/**
 * @typedef {import('@jupyterlab/ui-components').LabIcon} LabIcon
 * @typedef {{ name: string, label: string, icon: LabIcon, run: () => unknown }} Action
 */

/** Milliseconds for which a button shows that it has done what it is for. */
const SHOWN = 1500;

export class Bar {
  /**
   * @param {string} label
   * @param {() => void} leave Takes the focus back to the cell.
   */
  constructor(label, leave) {
    this._tools = element('div', { role: 'toolbar', 'aria-label': label });
    this.node = element('div', { class: 'zhipu-magic-bar' }, [this._tools]);
    this._tools.addEventListener('keydown', (event) => (event.key === 'Escape' ? leave() : rove(this._tools, event)));
    this._names = '';
  }

  /**
   * Show these actions.
   * @param {Action[]} actions
   * @param {boolean} runs Whether the cell runs: then the bar is seen without pointing at it.
   */
  show(actions, runs) {
    this.node.classList.toggle('zhipu-magic-runs', runs);
    this._actions = new Map(actions.map((action) => [action.name, action]));
    const names = actions.map(({ name, label }) => `${name} ${label}`).join('\n');
    if (names === this._names) {
      return;
    }
    this._names = names;
    const focused = this._tools.contains(document.activeElement);
    this._tools.replaceChildren(...actions.map((action) => this._button(action)));
    this._tools.firstElementChild?.setAttribute('tabindex', '0');
    if (focused) {
      this.focus();
    }
  }

  /** Go to the first button. */
  focus() {
    /** @type {HTMLElement | null} */ (this._tools.querySelector('[tabindex="0"]'))?.focus();
  }

  /** @param {Action} action */
  _button({ name, label, icon }) {
    const made = button(label, icon, () => this._actions?.get(name)?.run());
    made.dataset['action'] = name;
    made.tabIndex = -1;
    return made;
  }
}

/**
 * A button that is an icon.
 * @param {string} label
 * @param {LabIcon} icon
 * @param {() => unknown} run
 */
export function button(label, icon, run) {
  // else the keys of the notebook's command mode would act, before the button does
  const noKeys = { 'data-lm-suppress-shortcuts': 'true' };
  const made = element('button', { type: 'button', title: label, 'aria-label': label, ...noKeys });
  icon.element({ container: made });
  made.addEventListener('click', (event) => {
    event.stopPropagation();
    run();
  });
  return made;
}

/**
 * Show another icon for a moment.
 * @param {Element | null | undefined} made
 * @param {LabIcon} then
 * @param {LabIcon} usual
 */
export function flash(made, then, usual) {
  if (made instanceof HTMLElement) {
    then.element({ container: made });
    setTimeout(() => usual.element({ container: made }), SHOWN);
  }
}
