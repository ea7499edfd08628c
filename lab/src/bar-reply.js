// What is taken out of a reply and out of the kernel's state. Pure.

/**
 * The words of a reply: of the outputs that say that they are one.
 * @param {Iterable<{ data: Record<string, any>, metadata: Record<string, any> }>} outputs
 * @returns {{ text: string, grows: boolean, asked: boolean }}
 */
export function replyIn(outputs) {
  const texts = [];
  let grows = false;
  let asked = false;
  for (const { data, metadata } of outputs) {
    if (metadata['zhipu_magic'] && typeof data['text/plain'] === 'string') {
      texts.push(data['text/plain']);
      grows ||= metadata['zhipu_magic'].growing === true;
      asked = true;
    }
    asked ||= String(data['text/html'] ?? '').includes('class="zhipu-magic-panel"');
  }
  return { text: texts.filter((text) => text.trim()).join('\n\n'), grows, asked };
}

/**
 * @typedef {import('./page-cells.js').Turn} Turn
 * @typedef {import('./page-cells.js').State} State
 */

/**
 * The cell's newest turn; of the current thread, if it has one there.
 * @param {State | null} state
 * @param {string} cell
 * @returns {Turn | null}
 */
export function turnOf(state, cell) {
  const turns = (state?.turns ?? []).filter((turn) => turn.cell === cell);
  return newest(turns.filter((turn) => turn.thread === state?.thread)) ?? newest(turns);
}

/**
 * Whether `%glm continue` would go on with this turn.
 * @param {State | null} state
 * @param {Turn | null} turn
 */
export function goesOn(state, turn) {
  const here = (state?.turns ?? []).filter((one) => one.thread === state?.thread);
  return turn !== null && turn.cut && newest(here) === turn;
}

/**
 * @param {Turn[]} turns
 * @returns {Turn | null}
 */
function newest(turns) {
  return turns.reduce((/** @type {Turn | null} */ last, one) => (last && last.number > one.number ? last : one), null);
}
