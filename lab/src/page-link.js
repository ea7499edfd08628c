// What a notebook and its kernel tell each other (docs/front-end.md).

import { complain, guarded } from './console.js';
import { connected } from './following.js';
import { above, asking, codeCells, told, VERSION } from './page-cells.js';
import { addToRequests } from './page-request.js';

const TARGET = 'zhipu_magic';
/** Milliseconds from a change of the page to when it is told. */
const SOON = 150;
/** The parts that want to know what the kernel tells. */
const LISTENERS = ['page', 'bar', 'side'];

/**
 * @typedef {import('@jupyterlab/notebook').NotebookPanel['context']} Context
 * @typedef {NonNullable<NonNullable<Context['sessionContext']['session']>['kernel']>} Kernel
 */

/** The link of one notebook, whatever kernel it has and however many views show it. */
export class Link {
  /**
   * @param {import('./common.js').Common} common
   * @param {Context} context
   */
  constructor(common, context) {
    const { Signal } = common.packages['@lumino/signaling'];
    this._common = common;
    this._context = context;
    /** @type {import('./page-cells.js').State | null} What the kernel has told; null where nothing is known. */
    this.state = null;
    /** @type {import('@lumino/signaling').Signal<Link, void>} Emitted whenever `state` has changed. */
    this.changed = new Signal(this);
    this._views = 0;
    /** @type {Kernel | null} */
    this._kernel = null;
    this._comm = this._order = '';
    /** @type {Set<string>} Cells that the kernel has named. */
    this._named = new Set();
    /** @type {string[]} The cells that were told last. */
    this._told = [];
    /** Whether settings went with the latest request. */
    this._hasSet = false;
    /** @type {(() => void)[]} */
    this._ends = [];
  }

  /**
   * Listen as long as a view of the notebook is there.
   * @returns {() => void} Ends it for this view.
   */
  open() {
    const { model, sessionContext } = this._context;
    const follow = guarded('page', () => this._attach(sessionContext.session?.kernel ?? null));
    let soon = 0;
    const tellOrder = guarded('page', () => this._tellOrder());
    const edited = () => {
      clearTimeout(soon);
      soon = window.setTimeout(tellOrder, SOON);
    };
    if (this._views++ === 0) {
      const ends = [
        connected('page', sessionContext.kernelChanged, follow),
        connected('page', model.cells.changed, edited),
      ];
      follow();
      this._close = () => {
        clearTimeout(soon);
        ends.forEach((end) => end());
        this._attach(null);
      };
    }
    return () => void (--this._views || this._close?.());
  }

  /**
   * Tell the kernel something. Returns whether there is one that listens.
   * @param {import('@lumino/coreutils').JSONObject} data
   */
  send(data) {
    const kernel = this._kernel;
    if (!kernel || !this._comm || kernel.isDisposed) {
      return false;
    }
    // Not by a comm of the page: of several connections to one kernel, only the first has any.
    const { createMessage } = this._common.packages['@jupyterlab/services'].KernelMessage;
    const content = { comm_id: this._comm, data };
    const { clientId: session, username } = kernel;
    kernel.sendShellMessage(createMessage({ msgType: 'comm_msg', channel: 'shell', content, session, username }));
    return true;
  }

  /** Find out what the kernel has told before, and tell it the order, where a part that is on has not yet. */
  look() {
    if (this._kernel?.connectionStatus === 'connected' && !this._comm) {
      void this._find(this._kernel);
    } else {
      this._tellOrder();
    }
  }

  /** The asking cells in the order of the page, with the `running` one. @param {string} [running] */
  _cells(running) {
    return asking(this._context.model.cells, this._named, running);
  }

  /** Of the cells that were told, those that are no code cells of the page any more. */
  _gone() {
    const there = new Set(codeCells(this._context.model.cells));
    return this._told.filter((id) => !there.has(id));
  }

  /**
   * What the page says with a request to execute this cell: the order if any cell asks, and what the user has set,
   * such as another language than English.
   * @param {string} cell
   */
  _toldWith(cell) {
    const settings = this._common.traits();
    const cells = this._common.isOn(...LISTENERS) ? this._cells(cell) : [];
    const gone = this._gone();
    const asks = cells.length > 0 || gone.length > 0;
    const language = this._common.translator.languageCode;
    const says = settings || this._hasSet || (language ?? 'en') !== 'en';
    this._hasSet = !!settings;
    if (!asks && !says) {
      return null;
    }
    const said = { version: VERSION, language, ...(settings && { settings }) };
    if (!asks || !this._common.isOn('page')) {
      return said;
    }
    this._toldOrder(cells);
    const before = above(this._context.model.cells, cell);
    return { ...said, page: this._context.localPath, cells, gone, ...(before && { above: before }) };
  }

  /** @param {string[]} cells */
  _toldOrder(cells) {
    this._told = cells;
    this._order = cells.join();
  }

  /** Tell the order of the page, if it is another one than was told last. */
  _tellOrder() {
    if (!this._common.isOn('page')) {
      return;
    }
    const cells = this._cells();
    const gone = this._gone();
    const page = this._context.localPath;
    if ((gone.length || cells.join() !== this._order) && this.send({ type: 'order', page, cells, gone })) {
      this._toldOrder(cells);
    }
  }

  /** Listen to this kernel from now on. @param {Kernel | null} kernel */
  _attach(kernel) {
    if (kernel === this._kernel) {
      return;
    }
    this._ends.splice(0).forEach((end) => end());
    this._forget();
    this._kernel = kernel;
    if (!kernel) {
      return;
    }
    kernel.registerCommTarget(TARGET, nothing); // else the page would close what the kernel opens
    this._ends.push(
      addToRequests(kernel, (cell) => this._toldWith(cell)),
      () => kernel.removeCommTarget(TARGET, nothing),
      connected('page', kernel.iopubMessage, (message) => this._hear(message)),
      connected('page', kernel.statusChanged, (status) => /restarting|dead/.test(status) && this._forget()),
      connected('page', kernel.connectionStatusChanged, (status) => status === 'connected' && this._find(kernel)),
    );
    if (kernel.connectionStatus === 'connected') {
      void this._find(kernel);
    }
  }

  /** Find what the kernel has opened before, for another page or for this one. @param {Kernel} kernel */
  async _find(kernel) {
    try {
      await this._context.ready;
      const { language_info: language } = await kernel.info;
      if (language.name !== 'python' || !this._common.isOn(...LISTENERS)) {
        return;
      }
      const { content } = await kernel.requestCommInfo({ target_name: TARGET });
      const id = content.status === 'ok' && Object.keys(content.comms).pop();
      if (id && kernel === this._kernel && !kernel.isDisposed) {
        if (kernel.handleComms && !kernel.hasComm(id)) {
          kernel.createComm(TARGET, id);
        }
        this._comm = id;
        this._greet();
      }
    } catch (error) {
      if (!kernel.isDisposed && kernel.status !== 'restarting') {
        complain('page', error);
      }
    }
  }

  /** Ask for the state. A page that tells its order says what it has: cells may be gone since it was last seen. */
  _greet() {
    const { localPath: page, model } = this._context;
    const tells = this._common.isOn('page') && this._cells().length; // else it may not have come yet, of a shared page
    this.send({ type: 'hello', ...(tells && { page, there: codeCells(model.cells) }) });
  }

  /** @param {any} message Any message of the kernel. */
  _hear({ header, content }) {
    if (header.msg_type === 'comm_open' && content.target_name === TARGET) {
      this._comm = content.comm_id;
    } else if (!this._comm || content.comm_id !== this._comm) {
      return;
    }
    if (header.msg_type === 'comm_close') {
      this._forget();
    } else {
      this._take(content.data);
    }
  }

  /** @param {any} data */
  _take(data) {
    if (data?.type === 'state' && data.version !== VERSION) {
      complain('page', `the kernel speaks version ${data.version} to this page, which speaks ${VERSION}`);
    }
    const state = told(data, this.state);
    if (data?.type === 'state' && data.version === VERSION && state === this.state) {
      complain('page', 'the kernel has told a state that makes no sense');
    }
    if (state !== this.state) {
      this.state = state;
      state?.turns.forEach((turn) => this._named.add(turn.cell));
      this.changed.emit();
      if (data.type === 'state') {
        this._tellOrder(); // the kernel may know another one, of the page as it was before it was loaded again
      }
    } else if (data?.type === 'changes') {
      this._greet(); // one before it was missed
    }
  }

  _forget() {
    this._comm = this._order = '';
    this._named.clear();
    if (this.state) {
      this.state = null;
      this.changed.emit();
    }
  }
}

function nothing() {}
