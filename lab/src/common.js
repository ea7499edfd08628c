// What all parts share: the page's application, notebooks, settings and language.

import { complain, guarded } from './console.js';
import { connected, eachPanel } from './following.js';
import { Link } from './page-link.js';
import { traitsSet } from './traits.js';

/** The domain of our texts among the page's translations. */
const DOMAIN = 'zhipu_magic_lab';

/**
 * @typedef {import('@jupyterlab/settingregistry').ISettingRegistry} ISettingRegistry
 * @typedef {import('@jupyterlab/settingregistry').ISettingRegistry.ISettings} ISettings
 * @typedef {{
 *   app: import('@jupyterlab/application').JupyterFrontEnd,
 *   packages: Packages,
 *   tracker: import('@jupyterlab/notebook').INotebookTracker,
 *   registry: ISettingRegistry | null,
 *   translator: import('@jupyterlab/translation').ITranslator | null,
 * }} Given
 */

export class Common {
  /**
   * @param {string} id The plugin whose settings these are.
   * @param {Given} given
   */
  constructor(id, { app, packages, tracker, registry, translator }) {
    this.id = id;
    this.app = app;
    this.packages = packages;
    this.tracker = tracker;
    this.translator = translator ?? packages['@jupyterlab/translation'].nullTranslator;
    /** Gives texts in the page's language. */
    this.trans = this.translator.load(DOMAIN);
    /** The settings, once they are loaded; null where the page keeps none. */
    this.settings = registry ? this._load(registry) : Promise.resolve(null);
    /** @type {ISettings | null} The same, without waiting. */
    this._set = null;
    /** @type {WeakMap<object, Link>} */
    this._links = new WeakMap();
    eachPanel('common', tracker, (panel) => this.link(panel).open());
  }

  /**
   * What this notebook and its kernel tell each other: the same for all views of it.
   * @param {import('@jupyterlab/notebook').NotebookPanel} panel
   */
  link({ context }) {
    const link = this._links.get(context) ?? new Link(this, context);
    this._links.set(context, link);
    return link;
  }

  /** Whether one of these parts is on. @param {string[]} names */
  isOn(...names) {
    return names.some((name) => this._set?.get(name).composite !== false);
  }

  /**
   * What the user has set for the chat, by the names of the traits; null where that is nothing.
   * @returns {import('@lumino/coreutils').JSONObject | null}
   */
  traits() {
    const set = traitsSet(this._set?.user);
    return Object.keys(set).length ? set : null;
  }

  /**
   * Run a part while its setting is on, which it is where the page keeps no settings.
   * @param {import('./parts.js').Part} part
   * @param {unknown[]} services
   */
  async run(part, services) {
    /** @type {(() => void) | null} */
    let stop = null;
    const follow = guarded(part.name, () => {
      if (settings?.get(part.name).composite !== false) {
        stop ??= part.start(this, ...services);
      } else {
        const end = stop;
        stop = null;
        end?.();
      }
    });
    const settings = await this.settings;
    settings?.changed.connect(follow);
    follow();
  }

  /**
   * @param {ISettingRegistry} registry
   */
  async _load(registry) {
    try {
      registry.transform(this.id, { fetch: (plugin) => this._translated(plugin) });
      this._set = await registry.load(this.id);
      const look = () => this.tracker.forEach((panel) => this.link(panel).look());
      connected('common', this._set.changed, look);
      return this._set;
    } catch (error) {
      complain('settings', error);
      return null;
    }
  }

  /**
   * The settings' titles and descriptions in the page's language: the server translates only those of language packs.
   * What translates reads `%%` as one percent sign, so that goes in as a value.
   * @param {import('@jupyterlab/settingregistry').ISettingRegistry.IPlugin} plugin
   */
  _translated(plugin) {
    /** @type {(node: any) => void} */
    const translate = (node) => {
      for (const name of ['title', 'description', 'label', 'caption']) {
        if (typeof node[name] === 'string') {
          node[name] = this.trans.__(node[name].split('%%').join('%1'), '%%');
        }
      }
      Object.values(node).forEach((inner) => inner && typeof inner === 'object' && translate(inner));
    };
    const schema = structuredClone(plugin.schema);
    translate(schema);
    return { ...plugin, schema };
  }
}
