// Which cell a kernel runs, by its own messages: then an interrupt would stop that one. Pure.

/** Follows the messages of one connection to a kernel, which all views of a notebook share. */
export class Running {
  constructor() {
    /** @type {Map<string, string>} The cells that run or wait to, by their requests. */
    this._cells = new Map();
    this._now = '';
  }

  /** The cell that runs; undefined where none does, or one that another page has asked to run. */
  get cell() {
    return this._cells.get(this._now);
  }

  /** The cells that run or wait to. */
  get all() {
    return new Set(this._cells.values());
  }

  /**
   * @param {{ direction: 'send' | 'recv', msg: any }} message
   * @returns {boolean} Whether that has changed anything.
   */
  hear({ direction, msg: { header, parent_header: parent, metadata, content } }) {
    if (direction === 'send') {
      const isCell = header.msg_type === 'execute_request' && typeof metadata?.cellId === 'string';
      return isCell && this._cells.set(header.msg_id, metadata.cellId) !== null;
    }
    if (header.msg_type !== 'status' || parent?.msg_type !== 'execute_request') {
      return false;
    }
    if (content.execution_state === 'busy') {
      this._now = parent.msg_id;
    } else if (content.execution_state === 'idle') {
      this._cells.delete(parent.msg_id);
    }
    return true;
  }

  /** The kernel has ended, or begins anew. */
  clear() {
    this._cells.clear();
  }
}
